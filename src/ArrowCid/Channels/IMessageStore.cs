using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>Where an engine keeps messages.</summary>
internal interface IMessageStore : IMessageSource
{
    /// <summary>Stores a message before anything else is done with it.</summary>
    /// <returns>False where there is no space: it counts as not received.</returns>
    bool TryPut(MessageBlock message);

    /// <summary>Notes that others no longer keep a message, which is not here.</summary>
    void NoteGone(in Digest256 digest, ulong at);

    /// <summary>Keeps the newest beat of a participant.</summary>
    void NoteBeat(BeatBlock beat);
}
