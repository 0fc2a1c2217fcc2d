using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>An event of an engine.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Digest">The message.</param>
/// <param name="At">Its time; 0 where that is unknown.</param>
/// <param name="Writer">Who has it, of an acknowledgment; else the writer of the message, or zeros.</param>
/// <param name="IsLate">It was declared lost before.</param>
/// <param name="IsAfterLoss">A message that it follows was declared lost.</param>
internal readonly record struct EngineEvent(ChannelEventKind Kind, Digest256 Digest, ulong At, Digest256 Writer,
    bool IsLate = false, bool IsAfterLoss = false);
