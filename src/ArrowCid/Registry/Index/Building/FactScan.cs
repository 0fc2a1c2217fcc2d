using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Reads records of the facts that there are most of (tags, producers, expiries, pins) without making objects
/// of them. Whatever else stands in a record, or is wrong in it, is left to <see cref="FactReader"/>.</summary>
internal static class FactScan
{
    /// <returns>False where the whole record is to be read the other way; what was added is then to be taken
    /// back.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, ulong recordNanoseconds, RunBuilder to)
    {
        if (payload.Length > FactLimits.MaxRecordBytes) return false;
        try
        {
            var reader = new DagCborReader(payload);
            for (int groups = reader.BeginList(); groups > 0; groups--)
            {
                if (reader.BeginList() != 3) return false;
                ulong time = reader.ReadUInt64();
                ReadOnlySpan<byte> writer = reader.ReadBytes();
                if (writer.Length != FactStamp.WriterBytes || FactReader.IsFuture(time, recordNanoseconds))
                    return false;
                var stamp = new FactStamp(time, FactStamp.ReadWriter(writer));
                to.NoteTime(time);
                for (int facts = reader.BeginList(); facts > 0; facts--)
                {
                    if (reader.PeekKind() != IpldKind.List || reader.BeginList() != 3) return false;
                    if (!TryReadFact(ref reader, stamp, to)) return false;
                }
            }

            reader.End();
            return true;
        }
        catch (InvalidIpldException)
        {
            return false;
        }
    }

    private static bool TryReadFact(ref DagCborReader reader, FactStamp stamp, RunBuilder to)
    {
        if (reader.PeekKind() != IpldKind.Integer) return false;
        var kind = (FactKind)reader.ReadUInt64();
        if (kind is not (FactKind.Tags or FactKind.Producer or FactKind.Expiry or FactKind.Pin)) return false;
        Cid subject = reader.ReadLink();
        if (subject.Version != 1 || !subject.TryGetSha256(out Digest256 digest)) return false;
        RunBuffer items = to.BeginFact(in digest, subject.Codec);
        switch (kind)
        {
            case FactKind.Tags:
                DagCborMap map = reader.BeginMap();
                if (map.Count is 0 or > FactLimits.MaxTags) return false;
                while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
                {
                    if (key.Length is 0 or > FactLimits.MaxTagKeyBytes) return false;
                    bool isSet = TryReadText(ref reader, out ReadOnlySpan<byte> value);
                    if (value.Length > FactLimits.MaxTagValueBytes) return false;
                    PageItems.WriteTag(items, stamp, key, isSet, value);
                }

                break;
            case FactKind.Producer:
                bool isSaid = TryReadText(ref reader, out ReadOnlySpan<byte> producer);
                if (isSaid && producer.Length is 0 or > FactLimits.MaxProducerBytes) return false;
                PageItems.WriteProducer(items, stamp, isSaid, producer);
                break;
            case FactKind.Expiry:
                ulong? expires = IsNull(ref reader) ? null : reader.ReadUInt64();
                if (expires > FactLimits.MaxMilliseconds) return false;
                PageItems.WriteExpiry(items, stamp, expires);
                break;
            default: PageItems.WritePin(items, stamp, reader.ReadBool()); break;
        }

        to.End();
        return true;
    }

    private static bool TryReadText(ref DagCborReader reader, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (IsNull(ref reader)) return false;
        text = reader.ReadTextBytes();
        return true;
    }

    private static bool IsNull(ref DagCborReader reader)
    {
        if (reader.PeekKind() != IpldKind.Null) return false;
        reader.ReadNull();
        return true;
    }
}
