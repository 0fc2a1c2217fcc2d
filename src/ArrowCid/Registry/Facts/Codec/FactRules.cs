using System.Text;
using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>The limits and forms of facts, for those that are said and those that are read alike.</summary>
internal static class FactRules
{
    /// <summary>What is wrong with a fact, as a clause, or null.</summary>
    public static string? Fault(Fact fact) => fact switch
    {
        TagsFact tags => OfSubject(tags.Subject) ?? OfTags(tags.Tags),
        ProducerFact producer => OfSubject(producer.Subject) ??
            (producer.Producer is { } text ? OfText("a producer", text, 1, FactLimits.MaxProducerBytes) : null),
        ParentsFact parents => OfSubject(parents.Subject) ?? OfCids("parents", parents.Parents, FactLimits.MaxParents),
        JsonFact json => OfSubject(json.Subject) ?? OfJson(json.Data),
        LocationsFact locations => OfSubject(locations.Subject) ?? OfLocations(locations.Locations),
        ExpiryFact expiry => OfSubject(expiry.Subject) ??
            (expiry.Expires > FactLimits.MaxMilliseconds ? "an expiry after the year 9999" : null),
        NameFact name => OfName(name.Name) ?? (name.Target is { } target ? OfCid(target) : null),
        PinFact pin => OfSubject(pin.Subject),
        ResultFact result => OfSubject(result.Subject) ?? (result.Value is { } value ? OfCid(value) : null),
        CopyFact copy => OfSubject(copy.Subject) ?? OfPlace(copy.Place) ?? OfCopy(copy.State),
        SignedFact signed => OfSubject(signed.Subject) ?? OfSigned(signed),
        MessageFact message => OfSubject(message.Subject) ?? OfChannel(message.State.Channel) ??
            (message.State.At >= 1ul << 53 ? "a message of a time of over 53 bits" : null) ??
            (message.State.Sequence is 0 or >= 1ul << 53 ? "a message without a number, or of over 53 bits" : null),
        ConsumerFact consumer => OfChannel(consumer.Subject) ??
            OfText("a consumer", consumer.Consumer, 1, FactLimits.MaxConsumerBytes) ??
            (consumer.State.Cursor.Length > FactLimits.MaxConsumerCursorBytes ? "a cursor that is too long" : null),
        BeatFact beat => OfChannel(beat.Subject) ?? OfCids("heads", beat.State.Heads, FactLimits.MaxHeads) ??
            (beat.State.At >= 1ul << 53 ? "a beat of a time of over 53 bits" : null),
        HoldFact hold => hold.LockByte > long.MaxValue ? "a lock byte beyond 2^63"
            : hold.Subjects.Length == 0 ? "a hold of nothing"
            : OfCids("blocks in a hold", hold.Subjects, FactLimits.MaxHeld),
        DropFact drop => drop.Horizon.Length > FactLimits.MaxLanes ? $"a fence of over {FactLimits.MaxLanes} lanes"
            : drop.Digests.Length is 0 or > FactLimits.MaxDropped ? $"a drop of none or over {FactLimits.MaxDropped}"
            : null,
        RemovalFact removal => OfText("who removed", removal.By, 1, FactLimits.MaxRemoverBytes) ??
            OfText("a rule", removal.Rule, 0, FactLimits.MaxRemoverBytes) ??
            OfCids("removed blocks", [.. removal.Blocks.Select(block => block.Cid)], FactLimits.MaxRemoved),
        SyncFact sync => OfText("a cursor", sync.Cursor, 0, FactLimits.MaxSyncCursorBytes) ??
            OfText("a cursor", sync.Fence, 0, FactLimits.MaxSyncCursorBytes),
        AuditFact audit => (audit.Action is 0 or > byte.MaxValue ? "an action of no number from 1 to 255" : null) ??
            OfText("who did it", audit.By, 1, FactLimits.MaxRemoverBytes) ??
            (audit.Block is { } about ? OfSubject(about) : null) ??
            (audit.Name is { } said ? OfName(said) : null),
        DamagedFact damaged => (damaged.Block is { } block ? OfCid(block) : null) ?? OfRange(damaged),
        _ => null,
    };

    /// <summary>What is wrong with a name, as a clause, or null.</summary>
    public static string? OfName(string name)
    {
        string? fault = OfText("a name", name, 1, FactLimits.MaxNameBytes);
        if (fault is not null) return fault;
        if (name.Any(char.IsControl)) return "a name with a control character";
        return name[0] == ' ' || name[^1] == ' ' ? "a name that begins or ends with a space" : null;
    }

    /// <summary>What is wrong with the name of a place, as a clause, or null.</summary>
    public static string? OfPlace(string place)
    {
        string? fault = OfText("a place", place, 1, FactLimits.MaxNameBytes);
        if (fault is not null) return fault;
        if (place.Any(char.IsControl)) return "a place with a control character";
        return place[0] == ' ' || place[^1] == ' ' ? "a place that begins or ends with a space" : null;
    }

    private static string? OfCopy(CopyState? state) => state is null ? null
        : OfText("the form of a copy", state.Form, 1, FactLimits.MaxFormBytes) ??
            (state.Bytes > int.MaxValue ? "a copy of over 2^31 - 1 bytes" : null) ??
            (state.Kind is 0 or > FactLimits.MaxBlockKind ? "a copy of an unknown kind of block" : null) ??
            (state.Rows > long.MaxValue ? "a copy of over 2^63 - 1 rows" : null) ??
            (state.Schema is { } schema ? OfCid(schema) : null);

    private static string? OfSigned(SignedFact signed) => OfCid(signed.Statement) ?? OfCid(signed.Signature) ??
        (signed.Statement.Codec != Multicodec.DagCbor ? "a statement of another codec than dag-cbor" : null) ??
        (signed.Signature.Codec != Multicodec.Raw ? "a signature of another codec than raw" : null);

    /// <summary>A range begins where a record may, and is not longer than the largest record.</summary>
    private static string? OfRange(DamagedFact damaged) => damaged.Slot > ushort.MaxValue ||
        damaged.Generation > uint.MaxValue || damaged.Offset % 64 != 0 || damaged.Offset > int.MaxValue ||
        damaged.Bytes is 0 or > 1ul << 32
        ? "a damaged range that is in no segment" : null;

    private static string? OfChannel(Cid channel) => OfCid(channel) ??
        (channel.Codec == Multicodec.DagCbor ? null : "a channel of another codec than dag-cbor");

    private static string? OfSubject(Cid cid) => cid.IsDefault ? null : OfCid(cid);

    private static string? OfCid(Cid cid) =>
        cid.Version == 1 && cid.TryGetSha256(out _) ? null : "a CID that is not version 1 with a whole SHA-256";

    private static string? OfCids(string what, Cid[] cids, int most)
    {
        if (cids.Length > most) return $"over {most} {what}";
        foreach (Cid cid in cids)
        {
            if (OfCid(cid) is { } fault) return fault;
        }

        return null;
    }

    private static string? OfTags(KeyValuePair<string, string?>[] tags)
    {
        if (tags.Length is 0 or > FactLimits.MaxTags) return $"no tags, or over {FactLimits.MaxTags} at once";
        foreach ((string key, string? value) in tags)
        {
            string? fault = OfText("a tag's key", key, 1, FactLimits.MaxTagKeyBytes) ??
                (value is null ? null : OfText($"the tag '{key}'", value, 0, FactLimits.MaxTagValueBytes));
            if (fault is not null) return fault;
        }

        return null;
    }

    private static string? OfLocations(string[] locations)
    {
        if (locations.Length > FactLimits.MaxLocations) return $"over {FactLimits.MaxLocations} locations";
        foreach (string location in locations)
        {
            if (OfText("a location", location, 1, FactLimits.MaxLocationBytes) is { } fault) return fault;
        }

        return null;
    }

    private static string? OfJson(IpldNode data)
    {
        if (data.Depth > FactLimits.MaxJsonDepth) return $"JSON of over {FactLimits.MaxJsonDepth} levels";
        return DagCbor.LengthOf(data) > FactLimits.MaxJsonBytes
            ? $"JSON of over {FactLimits.MaxJsonBytes} bytes as dag-cbor" : null;
    }

    private static string? OfText(string what, string text, int least, int most)
    {
        if (!IpldText.IsWellFormed(text)) return $"{what} that is not Unicode";
        int length = Encoding.UTF8.GetByteCount(text);
        if (length < least) return $"{what} without a character";
        return length > most ? $"{what} of {length} bytes, over {most}" : null;
    }
}
