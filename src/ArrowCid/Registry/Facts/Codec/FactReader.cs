using System.Text;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>
/// Reads the payload of a record of facts, which anybody may have written: it takes memory in proportion to the payload
/// and never throws. A payload that is not strict dag-cbor or not a list of groups is void whole; a fact of a known
/// kind in another form, or over a limit, is void alone; a fact of an unknown kind is passed over.
/// </summary>
internal static class FactReader
{
    /// <summary>Reads a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="recordNanoseconds">When its record was written, in ns since 1970.</param>
    /// <param name="onFault">Hears of each thing that is void, as a clause.</param>
    /// <param name="onLater">Hears of each fact of a kind that this version does not know.</param>
    /// <returns>The groups; a group may have no facts left.</returns>
    public static List<FactGroup> Read(ReadOnlySpan<byte> payload, ulong recordNanoseconds, Action<string> onFault,
        Action? onLater = null)
    {
        var groups = new List<FactGroup>();
        if (payload.Length > FactLimits.MaxRecordBytes)
        {
            onFault($"a record of {payload.Length} bytes of facts, over {FactLimits.MaxRecordBytes}");
            return groups;
        }

        // Faults in single facts count only where the whole is sound.
        var faults = new List<string>();
        try
        {
            var reader = new DagCborReader(payload);
            for (int left = reader.BeginList(); left > 0; left--)
            {
                FactGroup group = ReadGroup(ref reader, payload, faults, onLater);
                if (!IsFuture(group.Stamp.Time, recordNanoseconds)) groups.Add(group);
                else faults.Add($"facts of {group.Stamp.When:O}, long after their record was written");
            }

            reader.End();
        }
        catch (InvalidIpldException e)
        {
            groups.Clear();
            faults.Clear();
            faults.Add($"a record of facts that cannot be read ({e.Rule}; byte {e.Offset})");
        }

        foreach (string fault in faults) onFault(fault);
        return groups;
    }

    public static bool IsFuture(ulong time, ulong recordNanoseconds)
    {
        ulong record = recordNanoseconds / 1_000_000;
        ulong milliseconds = time >> 16;
        return milliseconds > record && milliseconds - record > (ulong)FactLimits.VoidAhead.TotalMilliseconds;
    }

    private static FactGroup ReadGroup(ref DagCborReader reader, ReadOnlySpan<byte> payload, List<string> faults,
        Action? onLater)
    {
        int start = reader.Position;
        if (reader.BeginList() != 3) throw DagCborReader.Refuse("a group has a time, a writer and facts", start);
        FactStamp stamp = ReadStampParts(ref reader);
        var facts = new List<Fact>();
        for (int left = reader.BeginList(); left > 0; left--)
        {
            // Skipped first, so that a fact in a wrong form leaves the reader after it.
            start = reader.Position;
            reader.Skip(3);
            if (TryReadFact(payload[start..reader.Position], faults, onLater) is { } fact) facts.Add(fact);
        }

        return new FactGroup(stamp, [.. facts]);
    }

    private static FactStamp ReadStampParts(ref DagCborReader reader)
    {
        ulong time = reader.ReadUInt64();
        int start = reader.Position;
        ReadOnlySpan<byte> writer = reader.ReadBytes();
        return writer.Length == FactStamp.WriterBytes
            ? new FactStamp(time, FactStamp.ReadWriter(writer))
            : throw DagCborReader.Refuse("a writer's id has 16 bytes", start);
    }

    private static Fact? TryReadFact(ReadOnlySpan<byte> bytes, List<string> faults, Action? onLater)
    {
        try
        {
            var reader = new DagCborReader(bytes);
            int items = reader.BeginList();
            if (items == 0) throw DagCborReader.Refuse("a fact without a kind", 0);
            ulong kind = reader.ReadUInt64();
            if (kind is not ((>= (ulong)FactKind.Tags and <= (ulong)FactKind.Signed) or (ulong)FactKind.Damaged or
                (ulong)FactKind.Audit))
            {
                onLater?.Invoke();
                return null;
            }

            int expected = (FactKind)kind switch
            {
                FactKind.Name or FactKind.Removal or FactKind.Sync or FactKind.Signed => 4,
                FactKind.Audit => 5,
                FactKind.Damaged => 7,
                FactKind.Copy => 8,
                FactKind.Message => 7,
                FactKind.Consumer or FactKind.Beat => 5,
                _ => 3,
            };
            if (items != expected) throw DagCborReader.Refuse($"a fact of kind {kind} has {expected} items", 0);
            Fact fact = ReadBody(ref reader, (FactKind)kind);
            if (FactRules.Fault(fact) is not { } fault) return fact;
            faults.Add(fault);
        }
        catch (InvalidIpldException e)
        {
            faults.Add($"a fact in a wrong form ({e.Rule})");
        }

        return null;
    }

    private static Fact ReadBody(ref DagCborReader reader, FactKind kind) => kind switch
    {
        FactKind.Name => ReadName(ref reader),
        FactKind.Hold => new HoldFact(ReadLinks(ref reader, FactLimits.MaxHeld), reader.ReadUInt64()),
        FactKind.Drop => new DropFact(ReadFence(ref reader), ReadDigests(ref reader)),
        FactKind.Removal => new RemovalFact(reader.ReadText(), reader.ReadText(), ReadRemoved(ref reader)),
        FactKind.Sync => ReadSync(ref reader),
        FactKind.Audit => new AuditFact(reader.ReadUInt64(), reader.ReadText(),
            IsNull(ref reader) ? null : reader.ReadLink(), ReadText(ref reader)),
        FactKind.Damaged => new DamagedFact(IsNull(ref reader) ? null : reader.ReadLink(), reader.ReadUInt64(),
            reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()),
        _ => ReadAbout(ref reader, kind, reader.ReadLink()),
    };

    private static SyncFact ReadSync(ref DagCborReader reader)
    {
        int start = reader.Position;
        ReadOnlySpan<byte> peer = reader.ReadBytes();
        if (peer.Length != FactStamp.WriterBytes) throw DagCborReader.Refuse("the id of a store has 16 bytes", start);
        return new SyncFact(new Guid(peer, bigEndian: true), Encoding.UTF8.GetString(reader.ReadBytes()),
            Encoding.UTF8.GetString(reader.ReadBytes()));
    }

    private static Fact ReadAbout(ref DagCborReader reader, FactKind kind, Cid subject) => kind switch
    {
        FactKind.Tags => new TagsFact(subject, ReadTags(ref reader)),
        FactKind.Producer => new ProducerFact(subject, ReadText(ref reader)),
        FactKind.Parents => new ParentsFact(subject, ReadLinks(ref reader, FactLimits.MaxParents)),
        FactKind.Json => new JsonFact(subject, DagCbor.ReadNode(ref reader, 0, IpldReadOptions.None)),
        FactKind.Locations => new LocationsFact(subject, ReadTexts(ref reader, FactLimits.MaxLocations)),
        FactKind.Expiry => new ExpiryFact(subject, IsNull(ref reader) ? null : reader.ReadUInt64()),
        FactKind.Copy => new CopyFact(subject, reader.ReadText(), ReadCopy(ref reader)),
        FactKind.Result => new ResultFact(subject, IsNull(ref reader) ? null : reader.ReadLink()),
        FactKind.Signed => new SignedFact(subject, reader.ReadLink(), reader.ReadLink()),
        FactKind.Message => new MessageFact(subject, new MessageState(reader.ReadLink(), reader.ReadUInt64(),
            ReadDigest(ref reader), ReadRun(ref reader), reader.ReadUInt64())),
        FactKind.Consumer => new ConsumerFact(subject, reader.ReadText(),
            new ConsumerState(reader.ReadBytes().ToArray(), ReadNumbers(ref reader, FactLimits.MaxAckedAhead))),
        FactKind.Beat => new BeatFact(subject, ReadDigest(ref reader),
            new BeatState(ReadLinks(ref reader, FactLimits.MaxHeads), reader.ReadUInt64())),
        _ => new PinFact(subject, reader.ReadBool()),
    };

    private static Digest256 ReadDigest(ref DagCborReader reader)
    {
        int start = reader.Position;
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        return bytes.Length == Digest256.ByteCount
            ? new Digest256(bytes)
            : throw DagCborReader.Refuse("a writer of a channel has 32 bytes", start);
    }

    private static UInt128 ReadRun(ref DagCborReader reader)
    {
        int start = reader.Position;
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        return bytes.Length == FactStamp.WriterBytes
            ? FactStamp.ReadWriter(bytes)
            : throw DagCborReader.Refuse("a run has 16 bytes", start);
    }

    private static ulong[] ReadNumbers(ref DagCborReader reader, int most)
    {
        int count = reader.BeginList();
        if (count > most) throw TooMany("numbers", most);
        var numbers = new ulong[count];
        for (int i = 0; i < count; i++) numbers[i] = reader.ReadUInt64();
        return numbers;
    }

    private static CopyState? ReadCopy(ref DagCborReader reader)
    {
        string? form = ReadText(ref reader);
        ulong bytes = reader.ReadUInt64(), kind = reader.ReadUInt64(), rows = reader.ReadUInt64();
        Cid? schema = IsNull(ref reader) ? null : reader.ReadLink();
        return form is null ? null : new CopyState(form, bytes, kind, rows, schema);
    }

    private static NameFact ReadName(ref DagCborReader reader)
    {
        string name = reader.ReadText();
        Cid? target = IsNull(ref reader) ? null : reader.ReadLink();
        if (IsNull(ref reader)) return new NameFact(name, target, null);
        int start = reader.Position;
        if (reader.BeginList() != 2) throw DagCborReader.Refuse("a change has a time and a writer", start);
        return new NameFact(name, target, ReadStampParts(ref reader));
    }

    private static KeyValuePair<string, string?>[] ReadTags(ref DagCborReader reader)
    {
        DagCborMap map = reader.BeginMap();
        if (map.Count > FactLimits.MaxTags) throw TooMany("tags", FactLimits.MaxTags);
        var tags = new KeyValuePair<string, string?>[map.Count];
        for (int i = 0; reader.NextKey(ref map, out ReadOnlySpan<byte> key); i++)
            tags[i] = KeyValuePair.Create(IpldText.Utf8.GetString(key), ReadText(ref reader));
        return tags;
    }

    private static Cid[] ReadLinks(ref DagCborReader reader, int most)
    {
        int count = reader.BeginList();
        if (count > most) throw TooMany("links", most);
        var links = new Cid[count];
        for (int i = 0; i < count; i++) links[i] = reader.ReadLink();
        return links;
    }

    private static string[] ReadTexts(ref DagCborReader reader, int most)
    {
        int count = reader.BeginList();
        if (count > most) throw TooMany("texts", most);
        var texts = new string[count];
        for (int i = 0; i < count; i++) texts[i] = reader.ReadText();
        return texts;
    }

    private static ulong[] ReadFence(ref DagCborReader reader)
    {
        int count = reader.BeginList();
        if (count > FactLimits.MaxLanes) throw TooMany("lanes", FactLimits.MaxLanes);
        var fence = new ulong[count];
        for (int i = 0; i < count; i++) fence[i] = reader.ReadUInt64();
        return fence;
    }

    private static Digest256[] ReadDigests(ref DagCborReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        if (bytes.Length % Digest256.ByteCount != 0) throw DagCborReader.Refuse("digests have 32 bytes each", 0);
        var digests = new Digest256[bytes.Length / Digest256.ByteCount];
        for (int i = 0; i < digests.Length; i++)
            digests[i] = new Digest256(bytes.Slice(i * Digest256.ByteCount, Digest256.ByteCount));
        return digests;
    }

    private static RemovedBlock[] ReadRemoved(ref DagCborReader reader)
    {
        int count = reader.BeginList();
        if (count > FactLimits.MaxRemoved) throw TooMany("blocks", FactLimits.MaxRemoved);
        var removed = new RemovedBlock[count];
        for (int i = 0; i < count; i++)
        {
            int start = reader.Position;
            if (reader.BeginList() != 3)
                throw DagCborReader.Refuse("a removed block has a link, bytes and a reason", start);
            removed[i] = new RemovedBlock(reader.ReadLink(), reader.ReadUInt64(), reader.ReadUInt64());
        }

        return removed;
    }

    private static string? ReadText(ref DagCborReader reader) => IsNull(ref reader) ? null : reader.ReadText();

    /// <summary>Whether null comes next; it is passed then.</summary>
    private static bool IsNull(ref DagCborReader reader)
    {
        if (reader.PeekKind() != IpldKind.Null) return false;
        reader.ReadNull();
        return true;
    }

    private static InvalidIpldException TooMany(string what, int most) =>
        DagCborReader.Refuse($"over {most} {what}", 0);
}
