namespace ArrowCid.Server.Grpc;

/// <summary>Reads headers whose name ends with <c>-bin</c>. The library throws where a client joined several values by
/// commas, as it may.</summary>
internal static class BinaryHeader
{
    /// <summary>The values: base64 with or without padding, several joined by commas.</summary>
    /// <returns>The values that can be read.</returns>
    public static IEnumerable<byte[]> Parse(IEnumerable<string?> values)
    {
        foreach (string part in values.SelectMany(value => (value ?? "").Split(',')))
        {
            string text = part.Trim().TrimEnd('=');
            byte[] bytes = new byte[text.Length * 3 / 4 + 3];
            string padded = text.PadRight((text.Length + 3) & ~3, '=');
            if (text.Length > 0 && Convert.TryFromBase64String(padded, bytes, out int length))
                yield return bytes[..length];
        }
    }
}
