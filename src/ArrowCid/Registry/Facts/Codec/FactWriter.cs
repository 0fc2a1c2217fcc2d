using System.Buffers;
using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Writes groups of facts as the payload of one record (<c>FACTS.md</c>).</summary>
internal static class FactWriter
{
    // Stands where the block that the record is put with is not known yet.
    private static readonly Cid s_unknown = Cid.FromSha256(Multicodec.Raw, default);

    /// <summary>The payload of one record.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="blanks">Where the digest of the block that the record is put with belongs.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: a fact or all of them together are over a limit.</exception>
    public static byte[] Write(ReadOnlySpan<FactGroup> groups, out int[] blanks) => Write(groups, out blanks, out _);

    /// <summary>The payload of one record.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="blanks">Where the digest of the block that the record is put with belongs.</param>
    /// <param name="expiryPlace">Where the eight bytes of that block's expiry are; 0 where it has none.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: a fact or all of them together are over a limit.</exception>
    public static byte[] Write(ReadOnlySpan<FactGroup> groups, out int[] blanks, out int expiryPlace)
    {
        expiryPlace = 0;
        var output = new ArrayBufferWriter<byte>(512);
        var writer = new DagCborWriter(output);
        var places = new List<int>();
        Span<byte> id = stackalloc byte[FactStamp.WriterBytes];
        writer.BeginList(groups.Length);
        foreach (FactGroup group in groups)
        {
            writer.BeginList(3);
            writer.WriteInteger(group.Stamp.Time);
            group.Stamp.WriteWriter(id);
            writer.WriteBytes(id);
            writer.BeginList(group.Facts.Length);
            foreach (Fact fact in group.Facts)
            {
                if (FactRules.Fault(fact) is { } fault)
                    throw new ArrowCidException(ErrorCode.InvalidArgument, $"{fault} is not allowed in a fact");
                WriteFact(ref writer, fact, output, places);
                // Shorter integers are times of 1970.
                if (fact is ExpiryFact { Subject.IsDefault: true, Expires: > uint.MaxValue })
                    expiryPlace = output.WrittenCount - sizeof(ulong);
            }
        }

        if (output.WrittenCount > FactLimits.MaxRecordBytes)
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"facts of {output.WrittenCount} bytes at once; {FactLimits.MaxRecordBytes} at most, say them apart");
        Debug.Assert(places.TrueForAll(place => place > 0 && place <= output.WrittenCount - Digest256.ByteCount));
        Debug.Assert(places.Zip(places.Skip(1)).All(pair => pair.First < pair.Second),
            "places are filled in their order");
        blanks = [.. places];
        return output.WrittenSpan.ToArray();
    }

    private static void WriteFact(ref DagCborWriter writer, Fact fact, ArrayBufferWriter<byte> output,
        List<int> places)
    {
        bool hasSubject = fact is not (NameFact or RemovalFact or HoldFact or DropFact or SyncFact or DamagedFact or
            AuditFact);
        writer.BeginList(fact switch
        {
            NameFact or RemovalFact or SyncFact or SignedFact => 4,
            AuditFact => 5,
            DamagedFact => 7,
            CopyFact => 8,
            MessageFact => 7,
            ConsumerFact or BeatFact => 5,
            _ => 3,
        });
        writer.WriteInteger((ulong)fact.Kind);
        if (hasSubject)
        {
            Cid subject = SubjectOf(fact);
            writer.WriteLink(subject.IsDefault ? s_unknown : subject);
            if (subject.IsDefault) places.Add(output.WrittenCount - Digest256.ByteCount);
        }

        switch (fact)
        {
            case TagsFact tags:
                writer.BeginMap(tags.Tags.Length);
                foreach ((string key, string? value) in tags.Tags)
                {
                    writer.WriteKey(key);
                    WriteText(ref writer, value);
                }

                break;
            case ProducerFact producer: WriteText(ref writer, producer.Producer); break;
            case ParentsFact parents: WriteLinks(ref writer, parents.Parents); break;
            case JsonFact json: writer.WriteNode(json.Data); break;
            case LocationsFact locations:
                writer.BeginList(locations.Locations.Length);
                foreach (string location in locations.Locations) writer.WriteText(location);
                break;
            case ExpiryFact { Expires: { } expires }: writer.WriteInteger(expires); break;
            case ExpiryFact: writer.WriteNull(); break;
            case PinFact pin: writer.WriteBool(pin.IsPinned); break;
            case CopyFact copy: WriteCopy(ref writer, copy); break;
            case ResultFact { Value: { } value }: writer.WriteLink(value); break;
            case ResultFact: writer.WriteNull(); break;
            case SignedFact signed:
                writer.WriteLink(signed.Statement);
                writer.WriteLink(signed.Signature);
                break;
            case MessageFact message: WriteMessage(ref writer, message.State); break;
            case ConsumerFact consumer:
                writer.WriteText(consumer.Consumer);
                writer.WriteBytes(consumer.State.Cursor);
                writer.BeginList(consumer.State.Ahead.Length);
                foreach (ulong number in consumer.State.Ahead) writer.WriteInteger(number);
                break;
            case BeatFact beat:
                Digest256 from = beat.Writer;
                writer.WriteBytes(Digest256.Bytes(in from));
                WriteLinks(ref writer, beat.State.Heads);
                writer.WriteInteger(beat.State.At);
                break;
            case NameFact name: WriteName(ref writer, name); break;
            case HoldFact hold:
                WriteLinks(ref writer, hold.Subjects);
                writer.WriteInteger(hold.LockByte);
                break;
            case DropFact drop: WriteDrop(ref writer, drop); break;
            case RemovalFact removal: WriteRemoval(ref writer, removal); break;
            case SyncFact sync:
                writer.WriteBytes(sync.Peer.ToByteArray(bigEndian: true));
                writer.WriteBytes(IpldText.Utf8.GetBytes(sync.Cursor));
                writer.WriteBytes(IpldText.Utf8.GetBytes(sync.Fence));
                break;
            case DamagedFact damaged: WriteDamaged(ref writer, damaged); break;
            case AuditFact audit: WriteAudit(ref writer, audit, output, places); break;
            default: throw new ArgumentOutOfRangeException(nameof(fact), fact.Kind, "no form for it");
        }
    }

    /// <summary>The block that a fact is about; the default where it is about none, or several.</summary>
    public static Cid SubjectOf(Fact fact) => fact switch
    {
        TagsFact tags => tags.Subject,
        ProducerFact producer => producer.Subject,
        ParentsFact parents => parents.Subject,
        JsonFact json => json.Subject,
        LocationsFact locations => locations.Subject,
        ExpiryFact expiry => expiry.Subject,
        PinFact pin => pin.Subject,
        CopyFact copy => copy.Subject,
        ResultFact result => result.Subject,
        SignedFact signed => signed.Subject,
        MessageFact message => message.Subject,
        ConsumerFact consumer => consumer.Subject,
        BeatFact beat => beat.Subject,
        _ => default,
    };

    private static void WriteCopy(ref DagCborWriter writer, CopyFact copy)
    {
        writer.WriteText(copy.Place);
        WriteText(ref writer, copy.State?.Form);
        writer.WriteInteger(copy.State?.Bytes ?? 0);
        writer.WriteInteger(copy.State?.Kind ?? 0);
        writer.WriteInteger(copy.State?.Rows ?? 0);
        if (copy.State?.Schema is { } schema) writer.WriteLink(schema);
        else writer.WriteNull();
    }

    private static void WriteMessage(ref DagCborWriter writer, MessageState message)
    {
        Digest256 from = message.Writer;
        Span<byte> run = stackalloc byte[FactStamp.WriterBytes];
        new FactStamp(0, message.Run).WriteWriter(run);
        writer.WriteLink(message.Channel);
        writer.WriteInteger(message.At);
        writer.WriteBytes(Digest256.Bytes(in from));
        writer.WriteBytes(run);
        writer.WriteInteger(message.Sequence);
    }

    private static void WriteName(ref DagCborWriter writer, NameFact name)
    {
        writer.WriteText(name.Name);
        if (name.Target is { } target) writer.WriteLink(target);
        else writer.WriteNull();
        if (name.Previous is not { } previous)
        {
            writer.WriteNull();
            return;
        }

        Span<byte> id = stackalloc byte[FactStamp.WriterBytes];
        previous.WriteWriter(id);
        writer.BeginList(2);
        writer.WriteInteger(previous.Time);
        writer.WriteBytes(id);
    }

    private static void WriteDrop(ref DagCborWriter writer, DropFact drop)
    {
        writer.BeginList(drop.Horizon.Length);
        foreach (ulong number in drop.Horizon) writer.WriteInteger(number);
        byte[] digests = new byte[drop.Digests.Length * Digest256.ByteCount];
        for (int i = 0; i < drop.Digests.Length; i++)
            drop.Digests[i].CopyTo(digests.AsSpan(i * Digest256.ByteCount));
        writer.WriteBytes(digests);
    }

    private static void WriteRemoval(ref DagCborWriter writer, RemovalFact removal)
    {
        writer.WriteText(removal.By);
        writer.WriteText(removal.Rule);
        writer.BeginList(removal.Blocks.Length);
        foreach (RemovedBlock block in removal.Blocks)
        {
            writer.BeginList(3);
            writer.WriteLink(block.Cid);
            writer.WriteInteger(block.Bytes);
            writer.WriteInteger(block.Reason);
        }
    }

    private static void WriteDamaged(ref DagCborWriter writer, DamagedFact damaged)
    {
        if (damaged.Block is { } block) writer.WriteLink(block);
        else writer.WriteNull();
        writer.WriteInteger(damaged.Slot);
        writer.WriteInteger(damaged.Generation);
        writer.WriteInteger(damaged.Offset);
        writer.WriteInteger(damaged.Bytes);
        writer.WriteInteger(damaged.At);
    }

    private static void WriteAudit(ref DagCborWriter writer, AuditFact audit, ArrayBufferWriter<byte> output,
        List<int> places)
    {
        writer.WriteInteger(audit.Action);
        writer.WriteText(audit.By);
        if (audit.Block is not { } block)
        {
            writer.WriteNull();
        }
        else
        {
            // Of a block that is being put the codec may be known, and the digest is not.
            bool isUnknown = block.IsDefault || block == s_unknown.WithCodec(block.Codec);
            writer.WriteLink(block.IsDefault ? s_unknown : block);
            if (isUnknown) places.Add(output.WrittenCount - Digest256.ByteCount);
        }

        WriteText(ref writer, audit.Name);
    }

    private static void WriteText(ref DagCborWriter writer, string? text)
    {
        if (text is null) writer.WriteNull();
        else writer.WriteText(text);
    }

    private static void WriteLinks(ref DagCborWriter writer, Cid[] links)
    {
        writer.BeginList(links.Length);
        foreach (Cid link in links) writer.WriteLink(link);
    }
}
