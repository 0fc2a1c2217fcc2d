using System.Text;

namespace ArrowCid.Server.Grpc;

/// <summary>The text of a status, which is sent in a header.</summary>
internal static class StatusMessage
{
    // Clients refuse headers over 8 KiB together, and then the message hides the status.
    private const int MaxBytes = 2048;

    private const string Ellipsis = "...";

    /// <summary>Cuts a text that is longer than a header may be, once it is percent-encoded.</summary>
    public static string Cut(string message)
    {
        // Each UTF-16 unit is at most three bytes of UTF-8, and each byte three characters.
        if (message.Length <= MaxBytes / 9) return message;
        int length = 0, chars = 0, fits = 0;
        foreach (Rune rune in message.EnumerateRunes())
        {
            bool isPlain = rune.Value is >= ' ' and <= '~' and not '%';
            length += isPlain ? 1 : 3 * rune.Utf8SequenceLength;
            if (length <= MaxBytes - Ellipsis.Length) fits = chars + rune.Utf16SequenceLength;
            if (length > MaxBytes) return string.Concat(message.AsSpan(0, fits), Ellipsis);
            chars += rune.Utf16SequenceLength;
        }

        return message;
    }
}
