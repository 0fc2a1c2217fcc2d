using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Torture;

/// <summary>
/// The calls of one worker that say something of blocks, name, pin and remove them. What a call replaces or takes away
/// is announced in the journal with a question mark first.
/// </summary>
internal sealed class TortureFacts(CidStore store, TortureJournal journal, TortureRole role, long number, Random random)
{
    public const string SharedName = "shared";

    private const double MostAlive = 0.9;
    private const int LargeBytes = 30_000;

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"w{number}");
    private readonly HashSet<Cid> _kept = [];
    private Cid? _named;
    private int _tag;

    /// <summary>One call about blocks of this worker's own.</summary>
    public void Step(List<Cid> own)
    {
        if (own.Count == 0) return;
        int at = random.Next(own.Count);
        switch (random.Next(11))
        {
            case < 3: Tag(own[at]); break;
            case < 5: Name(own[at]); break;
            case < 7: SwapShared(); break;
            case 7: Pin(own[at]); break;
            case 8 when role == TortureRole.Mixed: Remove(own); break;
            case 9 when role == TortureRole.Mixed: Reclaim(); break;
            case 10 when role == TortureRole.Mixed: Collect(own); break;
            default: Put(own); break;
        }
    }

    /// <summary>One call that fills segments of facts with what soon counts no more, or gives their room
    /// back.</summary>
    public void StepOfLarge(List<Cid> own)
    {
        if (own.Count == 0 || random.Next(40) == 0) Put(own);
        else if (random.Next(16) == 0) Reclaim();
        else TagLarge(own[random.Next(Math.Min(own.Count, 4))]);
    }

    /// <summary>One call that takes away, or gives room back.</summary>
    public void StepOfClearing(List<Cid> own)
    {
        if (own.Count < 8) Put(own);
        switch (random.Next(5))
        {
            case 0: Put(own); break;
            case 1: Remove(own); break;
            case 2: Collect(own); break;
            case 3: Maintain(own); break;
            default: Reclaim(); break;
        }
    }

    /// <summary>A round of maintenance, which collects what has expired.</summary>
    private void Maintain(List<Cid> own)
    {
        if (!TryGiveUp(own, out Cid gone)) return;
        store.Metadata.SetExpiry(gone, DateTimeOffset.UtcNow.AddMilliseconds(1));
        IgnoreBusy(() => _ = store.Maintenance.RunOnce());
    }

    /// <summary>A put that says something at once: the facts are there before the block is.</summary>
    private void Put(List<Cid> own)
    {
        string tag = NextTag();
        var options = new PutOptions { Tags = new Dictionary<string, string?> { ["t"] = tag }, Producer = "torture" };
        Cid cid = store.Put(TortureBlocks.Batch((number << 40) | random.NextInt64(1 << 30)), options).Cid;
        journal.Write($"p {cid}");
        journal.Write($"t {cid} {tag}");
        own.Add(cid);
    }

    private void Tag(Cid cid)
    {
        string tag = NextTag();
        journal.Write($"t? {cid} {tag}");
        store.Metadata.Tag(cid, "t", tag);
        journal.Write($"t {cid} {tag}");
    }

    private void TagLarge(Cid cid)
    {
        string tag = NextTag();
        journal.Write($"t? {cid} {tag}");
        store.Metadata.Set(cid, new BlockMetadata
        {
            Tags = new Dictionary<string, string?> { ["t"] = tag },
            Json = $"\"{new string('x', LargeBytes)}\"",
        });
        journal.Write($"t {cid} {tag}");
    }

    private string NextTag() => (++_tag).ToString(CultureInfo.InvariantCulture);

    private void Name(Cid cid)
    {
        // A name keeps its block from being removed by this worker as well as by others.
        _ = _kept.Add(cid);
        journal.Write($"n? {_name} {cid}");
        _ = store.Names.Set(_name, cid, _named);
        journal.Write($"n {_name} {cid}");
        _named = cid;
    }

    /// <summary>All workers swap one name; of two that expect the same, one wins.</summary>
    private void SwapShared()
    {
        Cid next = store.PutRaw(TortureBlocks.Raw(random.Next(TortureWorker.Shared), TortureWorker.SharedBytes)).Cid;
        Cid? before = store.Names.Resolve(SharedName);
        if (before == next) return;
        try
        {
            _ = store.Names.Set(SharedName, next, before);
            journal.Write($"s {before?.ToString() ?? "-"} {next}");
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.NameConflict or ErrorCode.NameExists)
        {
            // Another one won.
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt && role == TortureRole.Mixed)
        {
            // Another one damaged the block after it was put.
        }
    }

    private void Pin(Cid cid)
    {
        _ = _kept.Add(cid);
        store.Retention.Pin(cid);
        journal.Write($"P {cid}");
    }

    /// <summary>Takes a block of its own that nothing keeps off its list: from now on it may be gone.</summary>
    private bool TryGiveUp(List<Cid> own, out Cid gone)
    {
        int at = own.FindIndex(cid => !_kept.Contains(cid));
        gone = at < 0 ? default : own[at];
        if (at < 0) return false;
        own.RemoveAt(at);
        journal.Write($"r? {gone}");
        return true;
    }

    private void Remove(List<Cid> own)
    {
        if (!TryGiveUp(own, out Cid gone)) return;
        IgnoreBusy(() =>
        {
            if (store.Retention.Remove([gone]).Removed.Contains(gone)) journal.Write($"r {gone}");
        });
    }

    /// <summary>What has expired goes, other workers' blocks too: each has said so of its own.</summary>
    private void Collect(List<Cid> own)
    {
        if (!TryGiveUp(own, out Cid gone)) return;
        store.Metadata.SetExpiry(gone, DateTimeOffset.UtcNow.AddMilliseconds(1));
        IgnoreBusy(() =>
        {
            if (store.Retention.Collect().Collected.Any(block => block.Cid == gone)) journal.Write($"r {gone}");
        });
    }

    private void Reclaim() => IgnoreBusy(() => _ = store.Blocks.Space.Reclaim(MostAlive));

    private static void IgnoreBusy(Action call)
    {
        try
        {
            call();
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
        {
            // One janitor at a time.
        }
    }
}
