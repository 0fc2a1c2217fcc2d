using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>A server that takes part in channels, as the other side of <see cref="ChannelSync.WithPeer"/>. It is not
/// trusted: messages are judged, blocks are hashed, and answers are bounded. For one call at a time.</summary>
public abstract class ChannelPeer : IDisposable
{
    /// <summary>The maximum number of bytes of the lists of one call, either way.</summary>
    internal const int MaxBytes = 2 * Channels.ChannelExchange.MaxAnswerBytes;

    internal ChannelPeer(BlockBackend blocks) => Blocks = blocks;

    /// <summary>Where it is, for people; it holds no secret.</summary>
    public string Name => Blocks.Name;

    /// <summary>Its blocks.</summary>
    internal BlockBackend Blocks { get; }

    /// <summary>Reads the first block of a channel, with which a store joins it
    /// (<see cref="MessageChannel.Join"/>).</summary>
    /// <param name="channel">The id of the channel.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The block, which hashes to the id; null where the server does not have it.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="BlockBackend.TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public ReadOnlyMemory<byte>? ReadFirstBlock(Cid channel, CancellationToken cancellationToken = default)
    {
        using BlockLease? block = Blocks.TryGet(channel, cancellationToken);
        return block?.Bytes.ToArray();
    }

    /// <summary>Does what <see cref="ReadFirstBlock"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="ReadFirstBlock"/>
    public Task<ReadOnlyMemory<byte>?> ReadFirstBlockAsync(Cid channel,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => ReadFirstBlock(channel, cancellationToken), cancellationToken);

    /// <summary>Ends the connections.</summary>
    public void Dispose()
    {
        Close();
        Blocks.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sends lists, at most <see cref="MaxBytes"/>, and returns the answers.</summary>
    internal abstract IReadOnlyList<byte[]> Ask(Cid channel, IReadOnlyList<byte[]> lists,
        CancellationToken cancellationToken);

    /// <summary>Ends what a derived class holds.</summary>
    private protected abstract void Close();
}
