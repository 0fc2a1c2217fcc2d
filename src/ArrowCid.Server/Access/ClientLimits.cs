using ArrowCid.Server.Diagnostics;

namespace ArrowCid.Server.Access;

/// <summary>
/// Counts what each client asks. A client may have a second's calls in a burst, and two at least. The table is
/// bounded: clients that come when it is full share one entry.
/// </summary>
/// <param name="settings">The limits.</param>
/// <param name="time">The clock.</param>
/// <param name="counters">Counts the refusals; null counts none.</param>
internal sealed class ClientLimits(LimitSettings settings, TimeProvider time, ServerCounters? counters = null)
{
    private const int MostClients = 8192;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly Client _others = new();

    /// <summary>Counts a call.</summary>
    /// <param name="client">The client (<see cref="AccessDecision.Client"/>).</param>
    /// <param name="hold">What ends the call when it is disposed of; null where it is refused.</param>
    /// <returns>How long to wait before the next try; zero where the call may go on.</returns>
    public TimeSpan TryEnter(string client, out IDisposable? hold)
    {
        hold = null;
        lock (_lock)
        {
            Client found = Find(client);
            if (settings.Streams > 0 && found.Streams >= settings.Streams)
            {
                counters?.Limited.Add(1, new KeyValuePair<string, object?>("limit", "streams"));
                return TimeSpan.FromSeconds(1);
            }

            if (Wait(found) is { Ticks: > 0 } wait)
            {
                counters?.Limited.Add(1, new KeyValuePair<string, object?>("limit", "rate"));
                return wait;
            }

            found.Streams++;
            hold = new Hold(this, found);
            return TimeSpan.Zero;
        }
    }

    private TimeSpan Wait(Client client)
    {
        if (settings.CallsPerSecond <= 0) return TimeSpan.Zero;
        double burst = Math.Max(2, settings.CallsPerSecond);
        long now = time.GetTimestamp();
        double gained = client.Counted == 0
            ? burst
            : time.GetElapsedTime(client.Counted, now).TotalSeconds * settings.CallsPerSecond;
        (client.Counted, client.Left) = (now, Math.Min(burst, client.Left + gained));
        if (client.Left < 1) return TimeSpan.FromSeconds((1 - client.Left) / settings.CallsPerSecond);
        client.Left--;
        return TimeSpan.Zero;
    }

    private Client Find(string name)
    {
        if (_clients.TryGetValue(name, out Client? known)) return known;
        if (_clients.Count >= MostClients)
        {
            foreach ((string idle, _) in _clients.Where(each => each.Value.Streams == 0).ToList())
                _clients.Remove(idle);
        }

        if (_clients.Count >= MostClients) return _others;
        return _clients[name] = new Client();
    }

    private sealed class Client
    {
        public int Streams { get; set; }

        public long Counted { get; set; }

        public double Left { get; set; }
    }

    private sealed class Hold(ClientLimits limits, Client client) : IDisposable
    {
        private Client? _client = client;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _client, null) is not { } held) return;
            lock (limits._lock) held.Streams--;
        }
    }
}
