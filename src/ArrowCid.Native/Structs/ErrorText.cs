using System.Runtime.CompilerServices;

namespace ArrowCid.Native;

/// <summary>The message of an <see cref="ErrorOut"/>.</summary>
[InlineArray(ByteCount)]
internal struct ErrorText
{
    public const int ByteCount = 1020;

    private byte _first;
}
