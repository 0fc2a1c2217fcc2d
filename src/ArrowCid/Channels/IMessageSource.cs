using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>Where an engine reads messages that it knows.</summary>
internal interface IMessageSource
{
    /// <summary>A message; null where its block is not here.</summary>
    MessageBlock? Find(in Digest256 digest);

    /// <summary>The time of a message whose block may be gone; null where nothing is known of it.</summary>
    ulong? TimeOf(in Digest256 digest);
}
