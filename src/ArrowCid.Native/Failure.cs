using System.Text;

namespace ArrowCid.Native;

/// <summary>Exceptions as codes and messages.</summary>
internal static unsafe class NativeError
{
    public const int Ok = 0, Nothing = -1;

    /// <summary>Tells the caller what went wrong.</summary>
    /// <returns>The code.</returns>
    public static int Report(Exception exception, ErrorOut* error)
    {
        (ErrorCode code, string message) = exception switch
        {
            ArrowCidException e => (e.Code, e.Message),
            ObjectDisposedException => (ErrorCode.InvalidArgument,
                "the handle, or the store that it is of, was closed by another thread"),
            ArgumentException or OverflowException => (ErrorCode.InvalidArgument, exception.Message),
            UnauthorizedAccessException or IOException => (IoFault.CodeOf(exception), exception.Message),
            OutOfMemoryException => (ErrorCode.TooLarge, "out of memory"),
            _ => (ErrorCode.Internal, $"a fault in ArrowCid itself: {exception.GetType().Name}: {exception.Message}"),
        };
        if (error is not null)
        {
            error->Code = (int)code;
            // SAFETY: the span is the struct's own bytes, which the caller lends for the call.
            Span<byte> text = error->Message;
            text[Utf8Text.Fill(message, text[..^1])] = 0;
        }

        return (int)code;
    }

    public static ArrowCidException Invalid(string message) => new(ErrorCode.InvalidArgument, message);
}

/// <summary>Texts of the caller, and for him.</summary>
internal static unsafe class Utf8Text
{
    // A text that nobody ended is not read for ever.
    private const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: NULL, not UTF-8, or not ended
    /// within a megabyte.</exception>
    public static string Read(byte* text, string name)
    {
        Argument.NotNull(text, name);
        int length = 0;
        // SAFETY: the caller ends his text with a NUL, before which nothing past it is read.
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
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: there is too little room.</exception>
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
                $"the text takes {text.Length + 1} bytes, and there is room for {capacity}");
        }

        // SAFETY: the caller says that the buffer has so many bytes.
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

/// <summary>What is wrong with an argument is said before it is used.</summary>
internal static unsafe class Argument
{
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is NULL.</exception>
    public static void NotNull(void* pointer, string name)
    {
        if (pointer is null) throw NativeError.Invalid($"'{name}' is NULL");
    }

    /// <summary>An array of the caller's with a length.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is NULL, or the length
    /// negative; <see cref="ErrorCode.TooLarge"/>: more than 2^31 - 1.</exception>
    public static Span<T> Array<T>(T* array, long count, string name) where T : unmanaged
    {
        if (count < 0) throw NativeError.Invalid($"'{name}' has {count} elements");
        if (count > 0) NotNull(array, name);
        if (count > int.MaxValue)
            throw new ArrowCidException(ErrorCode.TooLarge, $"'{name}' has {count} elements, over 2^31 - 1");
        // SAFETY: the caller says that so many lie there, for the call.
        return new Span<T>(array, (int)count);
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is open for reading
    /// only.</exception>
    public static CidStore WritableStore(long handle)
    {
        CidStore store = Handles.Get<CidStore>(handle);
        return store.IsReadOnly
            ? throw NativeError.Invalid("the store is open for reading only")
            : store;
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.InvalidCid"/>.</exception>
    public static Cid Cid(CidBytes* cid, string name = "cid")
    {
        NotNull(cid, name);
        return cid->Read();
    }
}
