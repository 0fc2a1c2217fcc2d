namespace ArrowCid.Tests.Ipld;

/// <summary>Blocks as the tests write them: hexadecimal digits, spaces where they help.</summary>
internal static class Hex
{
    /// <summary>A CID of five bytes: the identity hash of 0x07, raw.</summary>
    public const string Cid = "0155000107";

    /// <summary>The same CID as a link of dag-cbor.</summary>
    public const string Link = "d82a4600" + Cid;

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
