using System.Buffers;
using System.Security.Cryptography;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid.Sync;

/// <summary>One fact, and of tags one tag: the unit that two stores compare. It is read from its bytes alone, so that
/// kinds travel which this version does not know.</summary>
internal sealed class FactItem
{
    private FactItem(byte[] group, FactStamp stamp, ulong kind)
    {
        (Group, Stamp, Kind) = (group, stamp, kind);
        var payload = new byte[group.Length + 1];
        // A list of one.
        payload[0] = (CborHead.List << 5) | 1;
        group.CopyTo(payload, 1);
        Payload = payload;
        Digest = Sha256.Hash(payload);
    }

    /// <summary>The group of this fact alone.</summary>
    public byte[] Group { get; }

    /// <summary>The payload of a record of this fact alone.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The SHA-256 of <see cref="Payload"/>.</summary>
    public Digest256 Digest { get; }

    public FactStamp Stamp { get; }

    public ulong Kind { get; }

    /// <summary>The block that it is about; null where it is about none.</summary>
    public Digest256? Subject { get; private set; }

    /// <summary>The name that it changes, or null.</summary>
    public string? Name { get; private set; }

    /// <summary>What the name points to; null where it was removed.</summary>
    public Cid? Target { get; private set; }

    /// <summary>What of all facts of one key the one with the greatest stamp counts; null where all count.</summary>
    public UInt128? Key { get; private set; }

    /// <summary>Whether it is an empty list of locations, which ends older lists.</summary>
    public bool EndsLocations { get; private set; }

    /// <summary>Whether it means something in other stores too (<c>FACTS.md</c>).</summary>
    public bool Travels => Kind is not ((ulong)FactKind.Hold or (ulong)FactKind.Drop or (ulong)FactKind.Removal or
        (ulong)FactKind.Sync or (ulong)FactKind.Consumer or (ulong)FactKind.Damaged) &&
        Name?.StartsWith("arrowcid.", StringComparison.Ordinal) != true;

    /// <summary>Whether a caller who only stores blocks may set it.</summary>
    public bool IsForAdmin => Kind is not ((ulong)FactKind.Tags or (ulong)FactKind.Producer or
        (ulong)FactKind.Parents or (ulong)FactKind.Json or (ulong)FactKind.Locations or
        (ulong)FactKind.Signed or Message or Beat);

    // Kinds of channels, which have a key of two items.
    private const ulong Message = 12, Beat = 15, Fingerprint = 19;

    /// <summary>Takes a payload apart. What is void in it is left out.</summary>
    public static List<FactItem> Split(ReadOnlyMemory<byte> payload)
    {
        var items = new List<FactItem>();
        try
        {
            var reader = new DagCborReader(payload.Span);
            for (int groups = reader.BeginList(); groups > 0; groups--)
            {
                if (reader.BeginList() != 3) throw DagCborReader.Refuse("a group has three items", reader.Position);
                int start = reader.Position;
                ulong time = reader.ReadUInt64();
                ReadOnlySpan<byte> writer = reader.ReadBytes();
                if (writer.Length != FactStamp.WriterBytes) throw DagCborReader.Refuse("a writer has 16 bytes", start);
                var stamp = new FactStamp(time, FactStamp.ReadWriter(writer));
                ReadOnlySpan<byte> stampBytes = payload.Span[start..reader.Position];
                for (int facts = reader.BeginList(); facts > 0; facts--)
                {
                    int at = reader.Position;
                    reader.Skip(3);
                    TakeFact(items, payload.Span[at..reader.Position], stampBytes, stamp);
                }
            }
        }
        catch (InvalidIpldException)
        {
            // As in a store, what follows is void.
        }

        return items;
    }

    /// <summary>The same change of another name; null where that is too long.</summary>
    public FactItem? Renamed(Func<string, string> rename)
    {
        bool isWhole = true;
        List<FactGroup> groups = FactReader.Read(Payload.Span, ulong.MaxValue, _ => isWhole = false);
        if (!isWhole || groups is not [{ Facts: [NameFact fact] } group]) return null;
        NameFact renamed = fact with { Name = rename(fact.Name) };
        if (FactRules.Fault(renamed) is not null) return null;
        return Split(FactWriter.Write([group with { Facts = [renamed] }], out _)) is [var item] ? item : null;
    }

    /// <summary>Payloads of as few records as facts need.</summary>
    public static IEnumerable<byte[]> Pack(IEnumerable<FactItem> items)
    {
        var open = new List<byte[]>();
        int bytes = 0;
        foreach (FactItem item in items)
        {
            if (bytes + item.Group.Length + CborHead.MaxLength > FactLimits.MaxRecordBytes)
            {
                yield return ListOf(open);
                open.Clear();
                bytes = 0;
            }

            open.Add(item.Group);
            bytes += item.Group.Length;
        }

        if (open.Count > 0) yield return ListOf(open);
    }

    private static byte[] ListOf(List<byte[]> groups)
    {
        var output = new ArrayBufferWriter<byte>(groups.Sum(group => group.Length) + CborHead.MaxLength);
        output.Advance(CborHead.Write(output.GetSpan(CborHead.MaxLength), CborHead.List, (ulong)groups.Count));
        foreach (byte[] group in groups) output.Write(group);
        return output.WrittenSpan.ToArray();
    }

    private static void TakeFact(List<FactItem> items, ReadOnlySpan<byte> fact, ReadOnlySpan<byte> stampBytes,
        FactStamp stamp)
    {
        try
        {
            var reader = new DagCborReader(fact);
            int count = reader.BeginList();
            ulong kind = count == 0 ? throw DagCborReader.Refuse("a fact without a kind", 0) : reader.ReadUInt64();
            if (kind == (ulong)FactKind.Tags) TakeTags(items, fact, stampBytes, stamp, ref reader);
            else items.Add(new FactItem(GroupOf(stampBytes, fact), stamp, kind).With(ref reader, count - 1));
        }
        catch (InvalidIpldException)
        {
            // A fact in a wrong form is void, alone.
        }
    }

    /// <summary>Each tag is a fact of its own: they are overwritten one by one.</summary>
    private static void TakeTags(List<FactItem> items, ReadOnlySpan<byte> fact, ReadOnlySpan<byte> stampBytes,
        FactStamp stamp, ref DagCborReader reader)
    {
        Cid subject = reader.ReadLink();
        int head = reader.Position;
        ReadOnlySpan<byte> about = fact[1..head];
        DagCborMap map = reader.BeginMap();
        int start = reader.Position;
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            reader.Skip(1);
            var output = new ArrayBufferWriter<byte>(about.Length + reader.Position - start + 2);
            output.Write<byte>([(CborHead.List << 5) | 3]);
            output.Write(about);
            output.Write<byte>([(CborHead.Map << 5) | 1]);
            output.Write(fact[start..reader.Position]);
            var item = new FactItem(GroupOf(stampBytes, output.WrittenSpan), stamp, (ulong)FactKind.Tags);
            item.About(subject, key);
            items.Add(item);
            start = reader.Position;
        }
    }

    private static byte[] GroupOf(ReadOnlySpan<byte> stampBytes, ReadOnlySpan<byte> fact)
    {
        var group = new byte[stampBytes.Length + fact.Length + 2];
        group[0] = (CborHead.List << 5) | 3;
        stampBytes.CopyTo(group.AsSpan(1));
        group[stampBytes.Length + 1] = (CborHead.List << 5) | 1;
        fact.CopyTo(group.AsSpan(stampBytes.Length + 2));
        return group;
    }

    private FactItem With(ref DagCborReader reader, int items)
    {
        switch (Kind)
        {
            case (ulong)FactKind.Name:
                Name = reader.ReadText();
                if (reader.PeekKind() == IpldKind.Link) Target = reader.ReadLink();
                break;
            case (ulong)FactKind.Producer or (ulong)FactKind.Parents or (ulong)FactKind.Json or
                (ulong)FactKind.Expiry or (ulong)FactKind.Pin or (ulong)FactKind.Result:
                About(reader.ReadLink(), []);
                break;
            case (ulong)FactKind.Locations:
                Span<byte> writer = stackalloc byte[FactStamp.WriterBytes];
                Stamp.WriteWriter(writer);
                About(reader.ReadLink(), writer);
                EndsLocations = reader.BeginList() == 0;
                break;
            case (ulong)FactKind.Copy or Fingerprint:
                Cid about = reader.ReadLink();
                About(about, reader.ReadTextBytes());
                break;
            case Beat:
                Cid channel = reader.ReadLink();
                About(channel, reader.ReadBytes());
                break;
            default:
                if (items > 0 && reader.PeekKind() == IpldKind.Link) SetSubject(reader.ReadLink());
                break;
        }

        return this;
    }

    private void About(Cid subject, ReadOnlySpan<byte> rest)
    {
        SetSubject(subject);
        if (Subject is not { } digest) throw DagCborReader.Refuse("a subject without a SHA-256", 0);
        Span<byte> key = stackalloc byte[SHA256.HashSizeInBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)Kind]);
        hash.AppendData(Digest256.Bytes(in digest));
        hash.AppendData(rest);
        _ = hash.GetHashAndReset(key);
        Key = FactStamp.ReadWriter(key[..FactStamp.WriterBytes]);
    }

    private void SetSubject(Cid subject)
    {
        if (subject.TryGetSha256(out Digest256 digest)) Subject = digest;
    }
}
