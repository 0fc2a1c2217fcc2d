using System.Diagnostics;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>
/// One of the processes that keep, drop and read blocks of one store at once. By its number it does one thing most
/// (puts; reads under leases and holds; pins and names; forgets; collects; compacts and makes checkpoints), now and
/// then
/// all the others, and it checks what it was promised itself.
/// </summary>
internal sealed class Keeping(CidStore store, int seed)
{
    private const int Universe = 300;

    // What was put within it is not collected.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(seed);
    private readonly Queue<(int Number, RecordLease Lease)> _held = new();
    private readonly Dictionary<Cid, int> _pinned = [];
    private readonly Dictionary<Cid, int> _lent = [];
    private readonly Dictionary<Cid, int> _said = [];
    private Cid? _version;
    private int _steps, _collected, _forgets, _forgotten, _puts, _leases, _checkpoints, _versions;
    private long _freed;

    /// <summary>Whether it has come by everything, however slow the machine is.</summary>
    public bool HasWorked => _steps >= 40;

    public void Step()
    {
        _steps++;
        Do(_random.Next(4) > 0 ? seed % 8 : _random.Next(8));
    }

    public void End()
    {
        while (_held.Count > 0) Release();
        foreach ((Cid cid, int number) in _pinned) CheckThere(cid, number, "pinned");
        foreach ((Cid cid, int number) in _lent) CheckThere(cid, number, "not expired");
        if (_version is { } version && !store.Contains(version))
            Console.WriteLine($"MISSING {version}: named, seed {seed}");
        foreach ((Cid cid, int tag) in _said)
        {
            string? found = store.Metadata.Get(cid)?.Tags.GetValueOrDefault($"of{seed}");
            if (found != $"{tag}") Console.WriteLine($"SAID {tag} of {cid} and found {found}");
        }

        Console.WriteLine($"seed {seed}: {_steps} steps, {_puts} put, {_leases} leases, {_collected} collected, " +
            $"{_forgets} forgets of {_forgotten} versions, {_checkpoints} checkpoints, {_freed >> 20} MiB freed");
        Console.WriteLine(string.Join(' ', _pinned.Values));
    }

    private void Do(int part)
    {
        switch (part)
        {
            case 1 or 2: Any(() => _ = Put(), PutMany, PutBatch); break;
            case 3 or 4: Any(() => Hold(_random.Next(Universe)), () => Hold(_random.Next(Universe)), HoldByName); break;
            case 5: Any(Pin, Unpin, Say, Lend); break;
            case 6: Any(AddVersion, AddVersion, Forget); break;
            case 7: Any(Collect, CollectToSize, Expire); break;
            default: Any(Compact, () => Checkpoint()); break;
        }
    }

    private void Any(params ReadOnlySpan<Action> actions) => actions[_random.Next(actions.Length)]();

    private Cid Put()
    {
        int number = _random.Next(Universe);
        long started = Stopwatch.GetTimestamp();
        Cid cid = store.PutRaw(KeepWorker.Bytes(number)).Cid;
        _puts++;
        CheckJustPut(cid, started);
        return cid;
    }

    private void PutMany()
    {
        var results = new PutResult[8];
        long started = Stopwatch.GetTimestamp();
        ReadOnlyMemory<byte>[] blocks = [.. results.Select(_ => KeepWorker.Bytes(_random.Next(Universe)).AsMemory())];
        _ = store.PutRawMany(blocks, results);
        _puts += results.Length;
        foreach (PutResult result in results) CheckJustPut(result.Cid, started);
    }

    private void PutBatch()
    {
        long started = Stopwatch.GetTimestamp();
        Cid cid = store.Put(RegistryWorker.Batch(_random.Next(Universe))).Cid;
        _puts++;
        CheckJustPut(cid, started);
        if (store.Metadata.Get(cid) is { IsPresent: true, SchemaCid: { } schema } && !store.Contains(schema) &&
            Stopwatch.GetElapsedTime(started) < s_grace)
            Console.WriteLine($"MISSING {schema}: the schema of {cid}, which was just put, seed {seed}");
    }

    private void CheckJustPut(Cid cid, long started)
    {
        bool isThere = store.Metadata.Get(cid)?.IsPresent == true && store.Contains(cid);
        if (!isThere && Stopwatch.GetElapsedTime(started) < s_grace)
            Console.WriteLine($"MISSING {cid}: just put, seed {seed}");
    }

    private void Hold(int number)
    {
        RecordLease? lease = store.Blocks.Find(Memory.Sha256.Hash(KeepWorker.Bytes(number)));
        if (lease is null) return;
        _leases++;
        _held.Enqueue((number, lease));
        if (_held.Count > 2) Release();
    }

    private void Release()
    {
        (int number, RecordLease lease) = _held.Dequeue();
        if (!lease.Memory.Span.SequenceEqual(KeepWorker.Bytes(number)))
            Console.WriteLine($"CHANGED {number}, seed {seed}");
        lease.Dispose();
    }

    private void HoldByName()
    {
        Cid cid = store.PutRaw(KeepWorker.Bytes(_random.Next(Universe))).Cid;
        _ = store.Names.Set($"n{seed}", cid);
        Cid node = store.Datasets.Put([store.Put(RegistryWorker.Batch(_steps)).Cid]).Cid;
        using BlockHold hold = store.Retention.Hold(node);
        Collect();
        if (store.Metadata.Get(cid)?.IsPresent != true) Console.WriteLine($"MISSING {cid}: named, seed {seed}");
        foreach (Cid batch in store.Datasets.TryGet(node) ?? [])
        {
            using BatchLease? lease = store.TryGet(batch);
            if (lease is null) Console.WriteLine($"MISSING {batch}: of a dataset that is held, seed {seed}");
        }
    }

    /// <summary>A block of this process's own numbers.</summary>
    private (Cid Cid, int Number) PutOwn(PutOptions? options = null)
    {
        int number = _random.Next(Universe / 10) + (seed * Universe);
        Cid cid = store.PutRaw(KeepWorker.Bytes(number)).Cid;
        _puts++;
        if (options is { Expires: { } end }) store.Metadata.SetExpiry(cid, end);
        return (cid, number);
    }

    private void Pin()
    {
        (Cid cid, int number) = PutOwn();
        store.Retention.Pin(cid);
        _pinned[cid] = number;
    }

    private void Unpin()
    {
        if (_pinned.Count == 0) return;
        (Cid cid, int number) = _pinned.ElementAt(_random.Next(_pinned.Count));
        CheckThere(cid, number, "pinned");
        _ = store.Retention.Unpin(cid);
        _ = _pinned.Remove(cid);
        _ = _lent.Remove(cid);
    }

    /// <summary>What expires later stays until then.</summary>
    private void Lend()
    {
        (Cid cid, int number) = PutOwn(new PutOptions { Expires = DateTimeOffset.UtcNow.AddHours(1) });
        _lent[cid] = number;
    }

    private void Say()
    {
        if (_pinned.Count == 0) return;
        Cid cid = _pinned.Keys.First();
        store.Metadata.Set(cid, new BlockMetadata
        {
            Tags = new Dictionary<string, string?> { [$"of{seed}"] = $"{_steps}" },
            Json = $"\"{new string('x', 20_000)}\"",
        });
        _said[cid] = _steps;
    }

    private void AddVersion()
    {
        Cid cid = store.PutRaw(KeepWorker.Bytes(100_000 + (seed * 10_000) + (++_versions % 10_000))).Cid;
        _puts++;
        _ = store.Names.Set($"v{seed}", cid, _version);
        _version = cid;
    }

    private void Forget() => IgnoreBusy(() =>
    {
        if (_version is not { } last) return;
        ForgetResult result = store.Retention.Forget([$"v{seed}"], new ForgetPolicy { KeepLast = 3 });
        _forgets++;
        _forgotten += result.Versions.Count(version => version.IsForgotten);
        if (result.Versions.Count == 0 || result.Versions[0].Cid != last || result.Versions[0].IsForgotten)
            Console.WriteLine($"FORGOTTEN {last}: the name points to it, seed {seed}");
        if (!store.Contains(last)) Console.WriteLine($"MISSING {last}: named, seed {seed}");
    });

    private void Collect() => Collect(new CollectOptions { Unreferenced = true, OlderThan = s_grace });

    private void CollectToSize() => Collect(new CollectOptions { MaxBytes = 3 << 20, OlderThan = s_grace });

    /// <summary>What has expired goes, however young.</summary>
    private void Expire()
    {
        Cid cid = store.PutRaw(KeepWorker.Bytes(200_000 + (seed * 10_000) + (_steps % 10_000))).Cid;
        store.Metadata.SetExpiry(cid, DateTimeOffset.UtcNow.AddMilliseconds(-1));
        Collect(new CollectOptions());
    }

    private void Collect(CollectOptions options) =>
        IgnoreBusy(() => _collected += store.Retention.Collect(options).Collected.Count);

    private void Compact() => IgnoreBusy(() => _freed += store.Blocks.Space.Reclaim(mostAlive: 0.7).BytesFreed);

    private void Checkpoint()
    {
        IgnoreBusy(() => _ = store.Maintenance.Checkpoint());
        _checkpoints++;
    }

    private static void IgnoreBusy(Action call)
    {
        try
        {
            call();
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
        {
            // One at a time.
        }
    }

    private void CheckThere(Cid cid, int number, string why)
    {
        using RecordLease? lease = store.Blocks.Find(Memory.Sha256.Hash(KeepWorker.Bytes(number)));
        bool isRight = store.Metadata.Get(cid)?.IsPresent == true &&
            lease?.Memory.Span.SequenceEqual(KeepWorker.Bytes(number)) == true;
        if (!isRight) Console.WriteLine($"MISSING {number}: {why}, seed {seed}");
    }
}

/// <summary>One of the processes that put into a ring, whose oldest blocks go, and read what they hold.</summary>
internal sealed class RingReading(CidStore store, int seed)
{
    private const int Universe = 6000;

    private readonly Random _random = new(seed);
    private readonly Queue<(int Number, RecordLease Lease)> _held = new();
    private int _puts, _leases, _gone;

    public void Step()
    {
        int number = _random.Next(Universe);
        if (_random.Next(3) > 0)
        {
            _ = store.PutRaw(KeepWorker.Bytes(number));
            _puts++;
        }

        RecordLease? lease = store.Blocks.Find(Memory.Sha256.Hash(KeepWorker.Bytes(number)));
        if (lease is null)
        {
            _gone++;
            return;
        }

        _leases++;
        _held.Enqueue((number, lease));
        // A few are held for long, and then the ring has gone round without their segments.
        if (_held.Count > 3) Release();
    }

    public void End()
    {
        while (_held.Count > 0) Release();
        Console.WriteLine($"seed {seed}: {_puts} put, {_leases} leases, {_gone} gone");
    }

    private void Release()
    {
        (int number, RecordLease lease) = _held.Dequeue();
        if (!lease.Memory.Span.SequenceEqual(KeepWorker.Bytes(number)))
            Console.WriteLine($"CHANGED {number}, seed {seed}");
        lease.Dispose();
    }
}
