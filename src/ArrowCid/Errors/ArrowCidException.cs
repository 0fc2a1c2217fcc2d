namespace ArrowCid;

/// <summary>
/// The one exception of ArrowCid. Misuse of the API (a null argument, a disposed lease) throws the CLR's own
/// exceptions, and cancellation <see cref="OperationCanceledException"/>; everything else is this, told apart by
/// <see cref="Code"/>. Expected absence never throws: it is <see langword="null"/> or <see langword="false"/>.
/// </summary>
public class ArrowCidException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">What is wrong, and where; no payload bytes.</param>
    /// <param name="inner">The cause, where another exception is; its <see cref="Remedy"/> is taken over.</param>
    public ArrowCidException(ErrorCode code, string message, Exception? inner = null)
        : base(message, inner) => (Code, Remedy) = (code, (inner as ArrowCidException)?.Remedy);

    /// <summary>The error as a stable number.</summary>
    public ErrorCode Code { get; }

    /// <summary>What the caller can do, where that is more than the message and the code tell.</summary>
    public Remedy? Remedy { get; init; }

    /// <summary>Whether the same call may succeed later without a repair.</summary>
    public bool IsTransient => ErrorTable.IsTransient(Code);
}
