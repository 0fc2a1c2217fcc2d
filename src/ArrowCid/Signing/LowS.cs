namespace ArrowCid.Signing;

/// <summary>
/// The rule of the low s: of the two signatures (r, s) and (r, n - s), which are equally good, the one with the lesser
/// s counts. Otherwise anybody could make a second signature, with a second CID, of each.
/// </summary>
internal static class LowS
{
    private const int Half = 32;

    private static readonly byte[] s_order =
        Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private static readonly byte[] s_halfOrder =
        Convert.FromHexString("7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8");

    /// <summary>Whether the second half of a signature of 64 bytes is at most half of the order.</summary>
    public static bool Holds(ReadOnlySpan<byte> signature) =>
        signature[Half..].SequenceCompareTo(s_halfOrder) <= 0;

    /// <summary>Makes it so.</summary>
    public static void Make(Span<byte> signature)
    {
        if (Holds(signature)) return;
        Span<byte> s = signature[Half..];
        int borrow = 0;
        for (int i = Half - 1; i >= 0; i--)
        {
            int difference = s_order[i] - s[i] - borrow;
            borrow = difference < 0 ? 1 : 0;
            s[i] = (byte)difference;
        }
    }
}
