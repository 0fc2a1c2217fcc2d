using ArrowCid.Ipld;

namespace ArrowCid;

/// <summary>The servers with which a store that is served keeps a channel in step. They are this store's own: a sync
/// does not carry them. Of one channel (<see cref="MessageChannel.Peers"/>).</summary>
public sealed class ChannelPeers
{
    /// <summary>The name in the store that points to the peers of all channels.</summary>
    public const string TableName = "arrowcid.channels";

    private const string Kind = "arrowcid/channel-peers";
    private const int MaxPeers = 64, MaxBytes = 2048, MaxTries = 100;

    private readonly CidStore _store;
    private readonly string _channel;

    internal ChannelPeers(CidStore store, Cid channel) => (_store, _channel) = (store, channel.ToString());

    /// <summary>Lists the peers.</summary>
    /// <returns>Their locations, in the order in which they were added.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: <see cref="TableName"/> points to
    /// something else.</exception>
    public IReadOnlyList<string> List() => Read(_store, out _).GetValueOrDefault(_channel) ?? [];

    /// <summary>Adds a peer. One that is there already stays where it is.</summary>
    /// <param name="location">A location that <c>ServerChannels.Open</c> takes, which holds no secret.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is empty or over 2,048
    /// characters; <see cref="ErrorCode.TooLarge"/>: there are 64 peers; <see cref="ErrorCode.Busy"/>: others change
    /// them all the time.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Add(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        if (location.Length is 0 or > MaxBytes || location.Any(char.IsControl))
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a location has 1 to 2,048 characters");
        Change(peers =>
        {
            if (peers.Contains(location)) return false;
            if (peers.Count >= MaxPeers)
                throw new ArrowCidException(ErrorCode.TooLarge, $"a channel has {MaxPeers} peers at most");
            peers.Add(location);
            return true;
        });
    }

    /// <summary>Removes a peer.</summary>
    /// <param name="location">Its location.</param>
    /// <returns>False where there is no such peer.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: others change the peers all the
    /// time.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public bool Remove(string location) => Change(peers => peers.Remove(location));

    /// <summary>Removes all peers: the store no longer keeps the channel in step with others.</summary>
    /// <returns>False where there was none.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Remove"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public bool Clear() => Change(peers =>
    {
        bool had = peers.Count > 0;
        peers.Clear();
        return had;
    });

    /// <summary>The peers of all channels of a store, by the ids of the channels.</summary>
    internal static IReadOnlyDictionary<string, List<string>> All(CidStore store) => Read(store, out _);

    private bool Change(Func<List<string>, bool> change)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            SortedDictionary<string, List<string>> all = Read(_store, out Cid? before);
            if (!all.TryGetValue(_channel, out List<string>? peers)) all[_channel] = peers = [];
            if (!change(peers)) return false;
            if (peers.Count == 0) _ = all.Remove(_channel);
            Cid? after = all.Count == 0 ? null
                : _store.PutRaw(Encode(all), Multicodec.DagCbor).Cid;
            try
            {
                _ = _store.Names.Set(TableName, after, before);
                return true;
            }
            catch (ArrowCidException e) when (e.Code is ErrorCode.NameConflict or ErrorCode.NameExists)
            {
                // Another process was first.
            }
        }

        throw new ArrowCidException(ErrorCode.Busy, "other processes change the peers of channels all the time")
        {
            Remedy = new Remedy(RemedyKind.Retry),
        };
    }

    private static byte[] Encode(SortedDictionary<string, List<string>> all) => DagCbor.Encode(IpldNode.Map(
    [
        ("kind", IpldNode.Text(Kind)),
        ("v", IpldNode.Integer(1)),
        ("channels", IpldNode.Map([.. all.Select(pair =>
            (pair.Key, IpldNode.List([.. pair.Value.Select(IpldNode.Text)])))])),
    ]));

    private static SortedDictionary<string, List<string>> Read(CidStore store, out Cid? block)
    {
        var all = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        block = store.Names.Resolve(TableName);
        if (block is not { } cid) return all;
        try
        {
            IpldNode node = store.Reading.ReadSettings(cid) ?? throw store.Proofs.NotHere(cid);
            IpldNode channels = ManifestNode.Of(node, Kind, "channels").Map("channels");
            foreach ((string channel, IpldNode peers) in channels.Entries)
                all[channel] = [.. peers.Items.Select(peer => peer.AsText())];
            return all;
        }
        catch (Exception e) when (e is InvalidIpldException or InvalidOperationException)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"'{TableName}' points to something else than peers of channels: {e.Message}", e);
        }
    }
}
