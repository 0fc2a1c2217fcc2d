using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace ArrowCid.Ipc;

/// <summary>Slot-by-slot judgement of text.</summary>
internal static class TextRule
{
    public const string Rule = "text is not UTF-8";

    public static bool IsValid(ReadOnlySpan<byte> bytes) => Ascii.IsValid(bytes) || Utf8.IsValid(bytes);

    /// <summary>Whether the text of each slot is UTF-8, where the offsets run forward within the bytes.</summary>
    public static bool AreValid<T>(ReadOnlySpan<T> offsets, ReadOnlySpan<byte> bytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i + 1 < offsets.Length; i++)
        {
            if (!IsValid(bytes[int.CreateTruncating(offsets[i])..int.CreateTruncating(offsets[i + 1])])) return false;
        }

        return true;
    }
}
