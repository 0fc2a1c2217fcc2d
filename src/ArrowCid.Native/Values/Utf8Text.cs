using System.Text;

namespace ArrowCid.Native;

/// <summary>UTF-8 strings from and to the caller.</summary>
internal static unsafe class Utf8Text
{
    // The limit ends the search in a text without a terminator.
    private const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: NULL, not UTF-8, or not ended
    /// within a megabyte.</exception>
    public static string Read(byte* text, string name)
    {
        Argument.NotNull(text, name);
        int length = 0;
        // SAFETY: the caller's text ends with a NUL, and nothing after it is read.
        while (text[length] != 0)
        {
            if (++length > MostBytes) throw NativeError.Invalid($"'{name}' has no NUL within {MostBytes} bytes");
        }

        try
        {
            return s_strict.GetString(text, length);
        }
        catch (ArgumentException)
        {
            throw NativeError.Invalid($"'{name}' is not UTF-8");
        }
    }

    public static string? ReadOrNull(byte* text, string name) => text is null ? null : Read(text, name);

    /// <summary>Gives a text out with its NUL.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: the buffer is too small.</exception>
    public static void Write(string text, byte* buffer, long capacity, long* needed) =>
        Write(Encoding.UTF8.GetBytes(text), buffer, capacity, needed);

    /// <inheritdoc cref="Write(string, byte*, long, long*)"/>
    public static void Write(ReadOnlySpan<byte> text, byte* buffer, long capacity, long* needed)
    {
        if (capacity < 0) throw NativeError.Invalid($"the capacity is {capacity}");
        if (capacity > 0) Argument.NotNull(buffer, nameof(buffer));
        if (needed is not null) *needed = text.Length + 1L;
        if (capacity <= text.Length)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"the text takes {text.Length + 1} bytes, and the buffer has {capacity}");
        }

        // SAFETY: the caller promises a buffer of that many bytes.
        text.CopyTo(new Span<byte>(buffer, text.Length));
        buffer[text.Length] = 0;
    }

    /// <summary>As much of a text as fits, no character cut.</summary>
    public static int Fill(string text, Span<byte> target)
    {
        _ = System.Text.Unicode.Utf8.FromUtf16(text, target, out _, out int written);
        return written;
    }
}
