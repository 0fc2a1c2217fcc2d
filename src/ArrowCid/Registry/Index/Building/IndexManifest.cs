using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>The file that says which runs are the index, and up to where in the log they speak.</summary>
internal sealed record IndexManifest(ulong Epoch, ulong NextNumber, Cursor Cursor, IndexTotals Totals,
    IReadOnlyList<RunName> Runs)
{
    public const string FileName = "reg.v1";

    private const ulong Magic = 0x014e414d52435241; // "ARCRMAN\1"
    private const uint Version = RunFormat.Version;

    public byte[] ToBytes(Guid store)
    {
        var to = new RunBuffer(4096);
        to.Word(Magic);
        to.Word(Version);
        _ = store.TryWriteBytes(to.Take(16));
        to.Word(Epoch);
        to.Word(NextNumber);
        Text(to, Cursor.ToString());
        to.Word(Totals.MaxTime);
        to.Word((ulong)Totals.Records);
        to.Word((ulong)Totals.Facts);
        to.Word((ulong)Totals.FaultCount);
        to.Byte(Totals.HasDrops ? (byte)1 : (byte)0);
        to.Number((ulong)Totals.Faults.Count);
        foreach (string fault in Totals.Faults) Text(to, fault);
        to.Number((ulong)Runs.Count);
        foreach (RunName run in Runs)
        {
            to.Word(run.Number);
            to.Word((ulong)run.Length);
        }

        while (to.Length % 8 != 0) to.Byte(0);
        to.Word(RunFormat.Crc(to.Written));
        return to.Written.ToArray();
    }

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="IndexDamagedException">It is not whole, of another version, or another store's.</exception>
    public static IndexManifest Read(ReadOnlySpan<byte> bytes, Guid store)
    {
        if (bytes.Length < 64 || bytes.Length % 8 != 0) throw Damage("is cut short");
        var end = new RunReader(bytes[^8..]);
        if (end.Word() != RunFormat.Crc(bytes[..^8])) throw Damage("is damaged");
        var reader = new RunReader(bytes[..^8]);
        if (reader.Word() != Magic || reader.Word() != Version) throw Damage("is of another version", false);
        if (new Guid(reader.Bytes(16)) != store) throw Damage("is another store's", false);
        ulong epoch = reader.Word(), next = reader.Word();
        if (!Cursor.TryParse(Text(ref reader), out Cursor cursor)) throw Damage("has no cursor");
        ulong maxTime = reader.Word();
        long records = (long)reader.Word(), facts = (long)reader.Word(), faultCount = (long)reader.Word();
        bool hasDrops = reader.Byte() != 0;
        var faults = new string[reader.Length()];
        for (int i = 0; i < faults.Length; i++) faults[i] = Text(ref reader);
        var runs = new RunName[reader.Length()];
        for (int i = 0; i < runs.Length; i++) runs[i] = new RunName(reader.Word(), (long)reader.Word());
        var totals = new IndexTotals(maxTime, records, facts, faultCount, hasDrops, faults);
        return new IndexManifest(epoch, next, cursor, totals, runs);
    }

    private static IndexDamagedException Damage(string what, bool isDamage = true) =>
        new($"the registry's index file {FileName} {what}", isDamage);

    private static void Text(RunBuffer to, string text)
    {
        byte[] utf8 = IpldText.Utf8.GetBytes(text);
        to.Number((ulong)utf8.Length);
        to.Bytes(utf8);
    }

    private static string Text(ref RunReader reader) =>
        IpldText.Utf8.GetString(reader.Bytes(reader.Length()));
}
