using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Server.Access;

namespace ArrowCid.Server.Pinning;

/// <summary>The requests to pin, each a block that a name points to. They outlast the process, go with backups, and are
/// seen by every server of the store. For any number of threads.</summary>
internal sealed class PinTable(CidStore store)
{
    /// <summary>How the names of requests begin; the rest is the id.</summary>
    public const string Prefix = AccessRules.ReservedPrefix + "pins/";

    private readonly Lock _gate = new();

    // The requests as of the last look at the names, and the states of those that are being fetched here.
    private readonly Dictionary<string, (Cid Record, PinRequest Request)> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (PinState State, string? Details)> _running = new(StringComparer.Ordinal);
    private long _last;
    private bool _isRead;

    /// <summary>Lists the requests, the latest first.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: a name points to something
    /// else.</exception>
    public IReadOnlyList<PinRequest> List()
    {
        lock (_gate)
        {
            Refresh();
            return [.. _known.Values.Select(each => AsOfNow(each.Request)).OrderByDescending(each => each.Created)];
        }
    }

    /// <summary>Finds a request; null if there is none of this id.</summary>
    public PinRequest? Find(string id)
    {
        if (!IsId(id)) return null;
        lock (_gate)
        {
            if (store.Names.Resolve(Prefix + id) is not { } record) return null;
            return AsOfNow(Read(id, record));
        }
    }

    /// <summary>Adds a request.</summary>
    /// <param name="make">Makes it, with its time.</param>
    /// <param name="most">The largest number of requests.</param>
    /// <returns>The request.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.ResourceExhausted"/>: there are as many
    /// already.</exception>
    public PinRequest Add(Func<long, PinRequest> make, int most)
    {
        lock (_gate)
        {
            // What other servers of the store add meanwhile counts from the next listing on.
            if (!_isRead) Refresh();
            if (_known.Count >= most)
            {
                throw new ArrowCidException(ErrorCode.ResourceExhausted,
                    $"this server keeps {most} pin requests, and has them; remove some first");
            }

            _last = Math.Max(_last + 1, store.Clock.GetUtcNow().ToUnixTimeMilliseconds());
            PinRequest request = make(_last);
            Write(request, isHere: false);
            return request;
        }
    }

    /// <summary>Writes a request again, with a new state.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isHere">Whether the root is stored, so that the request keeps it from now on.</param>
    /// <returns>False if the request was removed meanwhile.</returns>
    public bool Update(PinRequest request, bool isHere)
    {
        lock (_gate)
        {
            if (store.Names.Resolve(Prefix + request.Id) is null) return false;
            Write(request, isHere);
            _ = _running.Remove(request.Id);
            return true;
        }
    }

    /// <summary>Sets the state of a request in this process alone.</summary>
    public void Show(string id, PinState state, string? details)
    {
        lock (_gate)
        {
            // One that was removed meanwhile has no state.
            if (_known.ContainsKey(id)) _running[id] = (state, details);
        }
    }

    /// <summary>Removes a request.</summary>
    /// <returns>False if there is none of this id.</returns>
    public bool Remove(string id)
    {
        if (!IsId(id)) return false;
        lock (_gate)
        {
            _ = _running.Remove(id);
            _ = _known.Remove(id);
            return store.Names.Remove(Prefix + id);
        }
    }

    private static bool IsId(string id) => id.Length is > 0 and <= 64 && id.All(char.IsAsciiHexDigitLower);

    private PinRequest AsOfNow(PinRequest request) =>
        request.State == PinState.Queued && _running.TryGetValue(request.Id, out (PinState State, string? Details) now)
            ? request with { State = now.State, Details = now.Details }
            : request;

    private void Write(PinRequest request, bool isHere)
    {
        Cid record = store.PutRaw(PinRecord.Encode(request, isHere), Multicodec.DagCbor).Cid;
        _ = store.Names.Set(Prefix + request.Id, record);
        _known[request.Id] = (record, request);
    }

    private void Refresh()
    {
        var gone = new HashSet<string>(_known.Keys, StringComparer.Ordinal);
        foreach (NameChange name in store.Names.List())
        {
            if (name.Cid is not { } record || !name.Name.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            string id = name.Name[Prefix.Length..];
            _ = gone.Remove(id);
            _last = Math.Max(_last, Read(id, record).Created);
        }

        foreach (string id in gone) _ = _known.Remove(id);
        _isRead = true;
    }

    private PinRequest Read(string id, Cid record)
    {
        if (_known.TryGetValue(id, out (Cid Record, PinRequest Request) known) && known.Record == record)
            return known.Request;
        try
        {
            PinRequest request = PinRecord.Decode(store.Reading.ReadNode(record) ?? throw store.Proofs.NotHere(record));
            // The name is what a client knows it by.
            request = request with { Id = id };
            _known[id] = (record, request);
            return request;
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the name '{Prefix}{id}' points to {record}, which is no pin request ({e.Rule})", e);
        }
    }
}
