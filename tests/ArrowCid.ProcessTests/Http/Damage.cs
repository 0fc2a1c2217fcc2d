namespace ArrowCid.ProcessTests.Http;

/// <summary>Bytes that change on the disk behind a server's back.</summary>
internal static class Damage
{
    /// <summary>Turns a bit of a stored block.</summary>
    public static void Change(CidStore store, Cid cid, long at)
    {
        string location;
        using (BatchLease lease = store.TryGet(cid)!) location = lease.Location;
        int plus = location.LastIndexOf('+');
        using var segment = new FileStream(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        segment.Position = long.Parse(location[(plus + 1)..], null) + at;
        int found = segment.ReadByte();
        segment.Position--;
        segment.WriteByte((byte)(found ^ 1));
    }
}
