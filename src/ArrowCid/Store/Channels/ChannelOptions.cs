using ArrowCid.Signing;

namespace ArrowCid;

/// <summary>How a channel is created. None of it can change later but the writers, by messages.</summary>
public sealed class ChannelOptions
{
    /// <summary>The keys that may write; empty where <see cref="IsOpen"/>.</summary>
    public IReadOnlyList<PublicKey> Writers { get; init; } = [];

    /// <summary>Whether anybody may write, without a signature too.</summary>
    public bool IsOpen { get; init; }

    /// <summary>How long messages and their contents are kept; null (the default): for ever.</summary>
    public TimeSpan? Keep { get; init; }

    /// <summary>The maximum number of blocks of a message, 1 to 512.</summary>
    public int MaxContents { get; init; } = Channels.ChannelBlock.MaxContents;

    /// <summary>The maximum number of bytes that a message carries itself, 0 to 32,768.</summary>
    public int MaxInline { get; init; } = Channels.ChannelBlock.MaxInline;
}
