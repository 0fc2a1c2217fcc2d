using System.Text;

namespace ArrowCid.Tests.Multiformats;

/// <summary>CIDs that other implementations made, and the bytes of the fixture files.</summary>
internal static class Known
{
    public const string HelloHex = "01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        HelloText = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        HelloV0 = "QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L4";

    public static Cid Hello => Cid.Sha256(Multicodec.Raw, "hello world"u8);

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", ""));

    /// <summary>The lines of a fixture file behind its heading, split at commas and trimmed.</summary>
    public static string[][] Rows(string file) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "multiformats", file)).Skip(1)
            .Where(line => line.Length > 0)
            .Select(line => line.Split(',', StringSplitOptions.TrimEntries)),
    ];

    public static CidError ErrorOf(string text, CidParseOptions options = CidParseOptions.None)
    {
        bool parsed = Cid.TryParse(text.AsSpan(), out Cid cid, out CidError error, options);
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        bool parsedUtf8 = Cid.TryParse(utf8, out Cid same, out CidError sameError, options);
        Assert.Equal(error == CidError.None, parsed);
        Assert.Equal((parsed, error, cid), (parsedUtf8, sameError, same));
        Assert.Equal(parsed, !cid.IsDefault);
        return error;
    }

    public static CidError ErrorOf(byte[] bytes, CidParseOptions options = CidParseOptions.None)
    {
        bool read = Cid.TryFromBytes(bytes, out Cid cid, out CidError error, options);
        Assert.Equal(error == CidError.None, read);
        Assert.Equal(read, !cid.IsDefault);
        return error;
    }
}
