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
            ArrowCidException e => (e.Code, Remedy.Join(e.Message, e.Remedy)),
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
