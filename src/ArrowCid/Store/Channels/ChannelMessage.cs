using ArrowCid.Channels;
using ArrowCid.Signing;

namespace ArrowCid;

/// <summary>A message of a channel that was delivered.</summary>
public sealed class ChannelMessage
{
    private readonly MessageBlock _block;

    internal ChannelMessage(MessageBlock block, ChannelCursor cursor, EngineEvent found)
    {
        (_block, Cursor) = (block, cursor);
        (IsLate, IsAfterLoss) = (found.IsLate, found.IsAfterLoss);
    }

    /// <summary>The id of the message: the CID of its block.</summary>
    public Cid Cid => _block.Cid;

    /// <summary>The id of the channel.</summary>
    public Cid Channel => _block.Channel;

    /// <summary>The time of the message: by the writer's clock, but after all that it follows.</summary>
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(_block.At, MaxShown));

    /// <summary>The blocks that it names; none where it carries bytes or writers.</summary>
    public IReadOnlyList<Cid> Contents => _block.Content.Blocks;

    /// <summary>The bytes that it carries; null where it names blocks or writers.</summary>
    public ReadOnlyMemory<byte>? Bytes => _block.Content.Bytes;

    /// <summary>The keys that may write after it; null where it does not change them.</summary>
    public IReadOnlyList<PublicKey>? NewWriters => _block.Content.Writers;

    /// <summary>Locations of the blocks, by their numbers.</summary>
    public IReadOnlyList<(int Block, string Location)> Hints => _block.Content.Hints;

    /// <summary>The id of the writer: 64 hexadecimal digits.</summary>
    public string Writer => _block.Writer.ToString();

    /// <summary>The run of the writer: one opening of the channel.</summary>
    public string Run => _block.Run.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The number of the message in its run, from 1 on.</summary>
    public long Sequence => (long)_block.Sequence;

    /// <summary>The messages that it follows directly.</summary>
    public IReadOnlyList<Cid> Parents => [.. _block.Parents.Select(MessageChannel.MessageCid)];

    /// <summary>Whether its writer signed it.</summary>
    public bool IsSigned => _block.Signature is not null;

    /// <summary>Whether it comes after messages that should have come later, or was declared lost before.</summary>
    public bool IsLate { get; internal init; }

    /// <summary>Whether a message that it follows was declared lost.</summary>
    public bool IsAfterLoss { get; }

    /// <summary>Where to go on after it.</summary>
    public ChannelCursor Cursor { get; }

    /// <summary>How often a consumer of this process got it, with this time; 0 without a consumer.</summary>
    public int Deliveries { get; internal init; }

    /// <summary>The block of the message.</summary>
    public ReadOnlyMemory<byte> Block => _block.Bytes;

    internal MessageBlock Read => _block;

    // The last millisecond that a DateTimeOffset has.
    private const ulong MaxShown = 253_402_300_799_999;
}
