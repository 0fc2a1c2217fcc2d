using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Torture;

/// <summary>
/// What holds of a worker's store and its place once the worker was killed: every block that was acknowledged is here or
/// there, with its bytes; what is recorded there is there, and so is all that a bucket's index names; and the backlog,
/// which no file keeps, is copied by the next process.
/// </summary>
internal static class TorturePlaceChecker
{
    /// <param name="journal">The worker's journal.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public static List<string> Check(string journal)
    {
        var faults = new List<string>();
        if (!Directory.Exists(TorturePlaces.StoreOf(journal))) return faults;
        string location;
        using (CidStore store = TorturePlaces.Open(journal))
        {
            BlockPlace place = store.Places.Find(TorturePlaces.Place)!;
            location = place.Location;
            using (BlockBackend own = store.Transfer.AsBackend())
            using (BlockBackend there = store.Places.Open(place, readOnly: true))
            {
                IEnumerable<Cid> promised = TortureJournal.Read(journal).Where(line => line[0] == "q")
                    .Select(line => Cid.Parse(line[1]));
                faults.AddRange(promised.Where(cid => !IsWhole(own, cid, faults) && !IsWhole(there, cid, faults))
                    .Select(cid => $"{cid} was acknowledged and is neither here nor at the place"));
                faults.AddRange(Recorded(store).Where(cid => !IsWhole(there, cid, faults))
                    .Select(cid => $"{cid} is recorded at the place and is not there"));
            }

            if (S3Files.Matches(location)) faults.AddRange(CheckIndex(location));
            _ = store.Places.CopyBacklog(TorturePlaces.Place);
            if (store.Places.GetUsage(TorturePlaces.Place).BacklogBlocks is > 0 and long left)
                faults.Add($"{left} blocks stay in the backlog after a copy");
            using (BlockBackend there = store.Places.Open(place, readOnly: true))
            {
                faults.AddRange(store.Query().Where(entry => entry.IsPresent)
                    .Where(entry => !IsWhole(there, entry.Cid, faults))
                    .Select(entry => $"{entry.Cid} is here and not at the place after a copy of the backlog"));
            }

            faults.AddRange(store.Diagnostics.CheckFacts());
        }

        if (faults.Count > 0) return faults;
        Directory.Delete(TorturePlaces.StoreOf(journal), recursive: true);
        if (Directory.Exists(TorturePlaces.PlaceOf(journal))) Directory.Delete(TorturePlaces.PlaceOf(journal), recursive: true);
        if (S3Files.Matches(location)) Task.Run(() => EmptyAsync(location)).GetAwaiter().GetResult();
        return faults;
    }

    private static IEnumerable<Cid> Recorded(CidStore store) =>
        [.. store.Places.ListAt(TorturePlaces.Place).Select(entry => entry.Cid)];

    private static bool IsWhole(BlockBackend blocks, Cid cid, List<string> faults)
    {
        try
        {
            using BlockLease? block = blocks.TryGet(cid);
            return block is not null;
        }
        catch (ArrowCidException e)
        {
            faults.Add($"{cid}: {e.Message}");
            return false;
        }
    }

    /// <summary>What the index of a bucket names is there.</summary>
    private static List<string> CheckIndex(string location)
    {
        var faults = new List<string>();
        using BlockBackend all = S3Blocks.Open(location);
        faults.AddRange(all.List().Where(cid => !IsWhole(all, cid, faults))
            .Select(cid => $"{cid} is in the index of the bucket and is not there").ToList());
        return faults;
    }

    private static async Task EmptyAsync(string location)
    {
        using S3Bucket bucket = S3Bucket.Open(S3Location.Parse(location));
        var keys = new List<string>();
        await foreach (ObjectInfo each in bucket.ListAsync("", CancellationToken.None)) keys.Add(each.Key);
        foreach (string key in keys) await bucket.DeleteAsync(key, CancellationToken.None);
    }
}
