namespace ArrowCid.Torture;

/// <summary>
/// What holds of a worker's store and its place once the worker was killed: every block that was acknowledged is here or
/// there, with its bytes; what is recorded there is there; and the backlog, which no file keeps, is copied by the next
/// process.
/// </summary>
internal static class TorturePlaceChecker
{
    /// <param name="journal">The worker's journal.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public static List<string> Check(string journal)
    {
        var faults = new List<string>();
        if (!Directory.Exists(TorturePlaces.StoreOf(journal))) return faults;
        using (CidStore store = TorturePlaces.Open(journal))
        {
            string[] promised = [.. TortureJournal.Read(journal).Where(line => line[0] == "q").Select(line => line[1])];
            faults.AddRange(promised.Where(cid => !IsThere(store, Cid.Parse(cid)))
                .Select(cid => $"{cid} was acknowledged and is neither here nor at the place"));
            faults.AddRange(store.Places.ListAt(TorturePlaces.Place)
                .Where(entry => !store.Places.Prove(entry.Cid, TorturePlaces.Place))
                .Select(entry => $"{entry.Cid} is recorded at the place and is not there"));
            _ = store.Places.CopyBacklog(TorturePlaces.Place);
            if (store.Places.GetUsage(TorturePlaces.Place).BacklogBlocks is > 0 and long left)
                faults.Add($"{left} blocks stay in the backlog after a copy");
            faults.AddRange(store.Query().Where(entry => entry.IsPresent)
                .Where(entry => !store.Places.Prove(entry.Cid, TorturePlaces.Place))
                .Select(entry => $"{entry.Cid} is here and not at the place after a copy of the backlog"));
            faults.AddRange(store.Diagnostics.CheckFacts());
        }

        if (faults.Count > 0) return faults;
        Directory.Delete(TorturePlaces.StoreOf(journal), recursive: true);
        if (Directory.Exists(TorturePlaces.PlaceOf(journal))) Directory.Delete(TorturePlaces.PlaceOf(journal), recursive: true);
        return faults;
    }

    private static bool IsThere(CidStore store, Cid cid) =>
        store.Places.Prove(cid, BlockPlace.Here) || store.Places.Prove(cid, TorturePlaces.Place);
}
