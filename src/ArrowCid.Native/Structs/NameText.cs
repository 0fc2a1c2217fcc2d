using System.Runtime.CompilerServices;

namespace ArrowCid.Native;

/// <summary>The text of a <see cref="NameOut"/>, ended by a NUL.</summary>
[InlineArray(ByteCount)]
internal struct NameText
{
    public const int ByteCount = 256;

    private byte _first;
}
