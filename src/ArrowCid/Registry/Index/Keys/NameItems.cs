namespace ArrowCid.Registry;

/// <summary>A name's changes as bytes, which are joined by laying them end to end.</summary>
internal static class NameItems
{
    private const byte HasTarget = 1, HasPrevious = 2;

    public static void Write(RunBuffer to, NameLog log)
    {
        foreach (NameRecord change in log.Changes)
        {
            to.Byte((byte)((change.Target is null ? 0 : HasTarget) | (change.Previous is null ? 0 : HasPrevious)));
            to.Stamp(change.Stamp);
            if (change.Target is { } target)
            {
                to.Number((ulong)target.ByteLength);
                _ = target.TryWriteBytes(to.Take(target.ByteLength), out _);
            }

            if (change.Previous is { } previous) to.Stamp(previous);
        }
    }

    public static void Read(ReadOnlySpan<byte> bytes, NameLog log)
    {
        var reader = new RunReader(bytes);
        while (!reader.IsAtEnd)
        {
            byte has = reader.Byte();
            FactStamp stamp = reader.Stamp();
            Cid? target = null;
            if ((has & HasTarget) != 0)
            {
                target = Cid.TryFromBytes(reader.Bytes(reader.Length()), out Cid cid, out _, CidParseOptions.None)
                    ? cid
                    : throw new IndexDamagedException("a name's target is no CID");
            }

            FactStamp? previous = (has & HasPrevious) != 0 ? reader.Stamp() : null;
            _ = log.Add(new NameRecord(stamp, target, previous));
        }
    }
}
