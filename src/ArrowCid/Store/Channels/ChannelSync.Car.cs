using ArrowCid.Channels;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Transfer;

namespace ArrowCid;

public sealed partial class ChannelSync
{
    /// <summary>Writes the channel with all messages and contents as a CAR, whose roots are the newest messages, for a
    /// store that no network reaches.</summary>
    /// <param name="output">Where to; it is not flushed.</param>
    /// <param name="progress">Gets the number of bytes of blocks that were written so far.</param>
    /// <param name="cancellationToken">Cancels the call. The output is not complete then.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block that a message names is not
    /// here; others as for <see cref="StoreTransfer.ExportCar"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CarExport Export(Stream output, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Cid[] roots = [.. _channel.Heads];
        if (roots.Length == 0) roots = [_channel.Cid];
        return _channel.Store.Transfer.ExportCar(roots, output, new CarExportOptions { Layout = CarLayout.Flat },
            progress, cancellationToken);
    }

    /// <summary>Does what <see cref="Export"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Export"/>
    public Task<CarExport> ExportAsync(Stream output, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Export(output, progress, cancellationToken), cancellationToken);

    /// <summary>Takes in a CAR that <see cref="Export"/> wrote, here or elsewhere: the messages are merged into the
    /// channel, which is created where it is not here.</summary>
    /// <param name="store">The store, which stays the caller's to close.</param>
    /// <param name="car">The CAR.</param>
    /// <param name="name">The name in this store of a channel that is not here; null for its own.</param>
    /// <param name="key">As for <see cref="MessageChannel.Create"/>.</param>
    /// <param name="received">The number of messages that are new here.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were put before stay.</param>
    /// <returns>The channel, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the CAR has no channel, or is refused;
    /// others as for <see cref="StoreTransfer.ImportCar"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public static MessageChannel Import(CidStore store, Stream car, string? name, SigningKey? key, out long received,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        CarImport import = store.Transfer.ImportCar(car, cancellationToken: cancellationToken);
        Cid[] roots = [.. import.Roots];
        Cid id = roots.Select(root => ChannelOf(store, root)).FirstOrDefault(cid => !cid.IsDefault);
        if (id.IsDefault || store.Reading.ReadBlock(id) is not { } block)
            throw new ArrowCidException(ErrorCode.InvalidData, "the roots of the CAR are no messages of a channel");
        string? known = MessageChannel.List(store).Where(one => one.Cid == id).Select(one => one.Name).FirstOrDefault();
        MessageChannel channel = known is null
            ? MessageChannel.Join(store, block, name, key) : MessageChannel.Open(store, known, key);
        try
        {
            received = channel.Sync.TakeIn([.. roots.Select(RegistryPins.DigestOf)]);
            return channel;
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    /// <summary>Takes in messages whose blocks are stored: with the facts that find and keep them.</summary>
    private long TakeIn(Digest256[] heads)
    {
        long received = 0;
        lock (_channel.Gate)
        {
            _channel.Update();
            ChannelFollower follower = _channel.Follower;
            StoreMessages messages = follower.Messages;
            var events = new List<EngineEvent>();
            foreach ((Digest256 digest, _) in Ancestry.Difference(messages, heads, follower.Engine.Heads))
            {
                ulong now = follower.Now();
                if (follower.Engine.IsKnown(in digest) || messages.Find(in digest) is not { } message ||
                    follower.Engine.Judge(message, now) is not null)
                {
                    continue;
                }

                messages.Put(message);
                MessageVerdict verdict = follower.Engine.Add(message, now, now, events, isVerified: true);
                if (verdict is MessageVerdict.Delivered or MessageVerdict.Waiting) received++;
            }

            _channel.Tell(events);
        }

        return received;
    }

    private static Cid ChannelOf(CidStore store, Cid root)
    {
        try
        {
            if (root.Codec != Multicodec.DagCbor || store.Reading.ReadBlock(root) is not { } bytes) return default;
            if (!ChannelBlock.MayBe(bytes)) return MessageBlock.Decode(bytes).Channel;
            _ = ChannelBlock.Decode(bytes);
            return root;
        }
        catch (InvalidIpldException)
        {
            return default;
        }
    }
}
