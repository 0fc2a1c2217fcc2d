using System.Security.Cryptography;
using ArrowCid.Sync;

namespace ArrowCid.Server.Service;

/// <summary>The sessions of sync that are open. A session belongs to one client, answers one call at a time, and ends
/// when nothing was asked for 60 seconds. Their sets share a budget of memory; one session alone may exceed it, so that
/// no store is too large.</summary>
/// <param name="time">The clock.</param>
internal sealed class SyncSessions(TimeProvider time)
{
    /// <summary>The most sessions of one client.</summary>
    public const int MostOfClient = 4;

    private const long MostBytes = 256L << 20;
    private const int MostSessions = 256;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Opens a session for a call.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: too many are open.</exception>
    public Lease Open(CidStore store, string client, SyncRights rights)
    {
        lock (_gate)
        {
            EndIdle();
            bool isFull = _entries.Count >= MostSessions ||
                _entries.Values.Count(entry => entry.Client == client) >= MostOfClient;
            if (isFull) throw new ArrowCidException(ErrorCode.Busy, "too many sessions of sync are open; come later");
            var entry = new Entry(client) { IsBusy = true, Used = time.GetTimestamp() };
            entry.Session = new SyncSession(new StoreEnd(store), rights, bytes => Reserve(entry, bytes));
            string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            _entries.Add(id, entry);
            return new Lease(this, id, entry);
        }
    }

    /// <summary>Enters a session for a call.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is none of the id for this
    /// client; <see cref="ErrorCode.Busy"/>: another call is in it.</exception>
    public Lease Enter(string id, string client)
    {
        lock (_gate)
        {
            EndIdle();
            Entry entry = Find(id, client);
            if (entry.IsBusy)
                throw new ArrowCidException(ErrorCode.Busy, "this sync is answering another call; wait for it");
            entry.IsBusy = true;
            return new Lease(this, id, entry);
        }
    }

    /// <summary>Ends a session.</summary>
    public void End(string id, string client)
    {
        lock (_gate)
        {
            _ = Find(id, client);
            _ = _entries.Remove(id);
        }
    }

    private Entry Find(string id, string client) =>
        _entries.TryGetValue(id, out Entry? entry) && entry.Client == client
            ? entry
            : throw new ArrowCidException(ErrorCode.NameNotFound, "there is no such session of sync; open one");

    private void EndIdle()
    {
        foreach ((string id, Entry entry) in _entries)
        {
            if (!entry.IsBusy && time.GetElapsedTime(entry.Used) > s_idle) _ = _entries.Remove(id);
        }
    }

    private void Reserve(Entry entry, long bytes)
    {
        lock (_gate)
        {
            long others = _entries.Values.Sum(each => each.Bytes) - entry.Bytes;
            if (others > 0 && others + bytes > MostBytes)
                throw new ArrowCidException(ErrorCode.Busy, "the sessions of sync use all their memory; come later");
            entry.Bytes = bytes;
        }
    }

    private void Leave(Entry entry)
    {
        lock (_gate) (entry.IsBusy, entry.Used) = (false, time.GetTimestamp());
    }

    /// <summary>A call's use of a session.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly SyncSessions _sessions;
        private readonly Entry _entry;

        internal Lease(SyncSessions sessions, string id, object entry) =>
            (_sessions, Id, _entry) = (sessions, id, (Entry)entry);

        public string Id { get; }

        public SyncSession Session => _entry.Session!;

        public void Dispose() => _sessions.Leave(_entry);
    }

    private sealed class Entry(string client)
    {
        public string Client { get; } = client;

        public SyncSession? Session { get; set; }

        public bool IsBusy { get; set; }

        public long Used { get; set; }

        public long Bytes { get; set; }
    }
}
