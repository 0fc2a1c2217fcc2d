using ArrowCid.Client;

namespace ArrowCid.Cli.Verbs;

/// <summary>Keeps the channels of a store in step with their peers, both ways. A peer that does not answer is asked
/// less often.</summary>
/// <param name="store">The store.</param>
/// <param name="every">The time between two exchanges with a peer.</param>
internal sealed class ChannelFollowing(CidStore store, TimeSpan every)
{
    private const int MostSlower = 12;

    private readonly Dictionary<string, MessageChannel> _channels = [];
    private readonly Dictionary<(string Channel, string Peer), (int Slower, int Left)> _failures = [];

    /// <summary>Exchanges messages until it is canceled.</summary>
    public void Run(CancellationToken end)
    {
        try
        {
            while (!end.IsCancellationRequested)
            {
                Once(end);
                _ = end.WaitHandle.WaitOne(every);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The messages that came are stored.
        }
        finally
        {
            foreach (MessageChannel channel in _channels.Values) channel.Dispose();
        }
    }

    private void Once(CancellationToken end)
    {
        IReadOnlyDictionary<string, List<string>> all;
        try
        {
            all = ChannelPeers.All(store);
        }
        catch (ArrowCidException e)
        {
            CommandError.Say(CommandError.Visible($"the peers of channels: {Advice.Of(e)}"));
            return;
        }

        foreach ((string id, List<string> peers) in all)
        {
            foreach (string location in peers)
            {
                end.ThrowIfCancellationRequested();
                Exchange(id, location, end);
            }
        }
    }

    private void Exchange(string id, string location, CancellationToken end)
    {
        (string, string) pair = (id, location);
        (int slower, int left) = _failures.GetValueOrDefault(pair, (1, 0));
        if (left > 0)
        {
            _failures[pair] = (slower, left - 1);
            return;
        }

        try
        {
            if (!_channels.TryGetValue(id, out MessageChannel? channel))
                _channels[id] = channel = MessageChannel.Open(store, id);
            using ChannelPeer peer = ServerChannels.Open(location);
            _ = channel.Sync.WithPeer(peer, cancellationToken: end);
            _ = _failures.Remove(pair);
        }
        catch (ArrowCidException e)
        {
            if (slower == 1)
            {
                CommandError.Say(CommandError.Visible(
                    $"the channel {id} and {location} are not in step: {Advice.Of(e)}"));
            }

            slower = Math.Min(slower * 2, MostSlower);
            _failures[pair] = (slower, slower - 1);
        }
    }
}
