using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>The keys of secondary orders by which a block stands, of those that it ever had.</summary>
internal static class StandingKeys
{
    /// <summary>Names each of them.</summary>
    public static void Of<TSink>(IndexKind kind, BlockState? page, BlockInfo? info, TSink sink)
        where TSink : class, IKeySink
    {
        if (kind is IndexKind.Created or IndexKind.Schema)
        {
            if (PutOf(page, info, hasSchema: kind == IndexKind.Schema) is { } put) Add(kind, put, sink);
            return;
        }

        if (page?.Sheet is not { } sheet) return;
        switch (kind)
        {
            case IndexKind.Tag:
                foreach ((string key, LwwRegister<string?> tag) in sheet.TagWords)
                {
                    if (tag.Value is { } value) AddTexts(kind, key, value, tag.Stamp.Time, sink);
                }

                break;
            case IndexKind.Producer:
                if (sheet.Producer.Value is { } producer)
                    AddTexts(kind, producer, null, sheet.Producer.Stamp.Time, sink);
                break;
            case IndexKind.Parent:
                foreach (Digest256 parent in PageItems.DigestsOf(sheet.Parents.Value ?? []))
                    sink.Add(kind, IndexKey.OfDigest(in parent), sheet.Parents.Stamp.Time);
                break;
            case IndexKind.Copy:
                foreach ((string place, LwwRegister<CopyState?> copy) in sheet.Copies ?? [])
                {
                    if (copy.Value is not null) AddTexts(kind, place, null, copy.Stamp.Time, sink);
                }

                break;
            case IndexKind.Result:
                if (sheet.Result.Value is { } target && target.TryGetSha256(out Digest256 digest))
                    sink.Add(kind, Digest256.Bytes(in digest), sheet.Result.Stamp.Time);
                break;
            case IndexKind.Signed:
                foreach ((_, FactStamp stamp) in sheet.Signed ?? []) sink.Add(kind, default, stamp.Time);
                break;
            case IndexKind.Message:
                if (sheet.Message.Value is { } message && message.Channel.TryGetSha256(out Digest256 channel))
                    sink.Add(kind, Digest256.Bytes(in channel), message.At);
                break;
            case IndexKind.Expires:
                if (sheet.Expires.Value is { } end) sink.Add(kind, default, end);
                break;
            case IndexKind.Pinned:
                if (sheet.Pin.Value) sink.Add(kind, default, 0);
                if (sheet.Holds is not null) sink.Add(kind, default, 1);
                break;
        }
    }

    /// <summary>Names the key of a put, where it has one in that order.</summary>
    public static void Add<TSink>(IndexKind kind, PutEntry put, TSink sink) where TSink : class, IKeySink
    {
        if (kind == IndexKind.Created) sink.Add(kind, default, put.Ticks);
        else if (put.Schema is { } schema) sink.Add(kind, Digest256.Bytes(in schema), put.Ticks);
    }

    private static void AddTexts<TSink>(IndexKind kind, string text, string? other, ulong time, TSink sink)
        where TSink : class, IKeySink
    {
        Span<byte> group = stackalloc byte[IndexKey.MaxBytesOf(text.Length + (other?.Length ?? 0))];
        int length = IndexKey.WriteText(text, group);
        if (other is not null) length += IndexKey.WriteText(other, group[length..]);
        sink.Add(kind, group[..length], time);
    }

    /// <summary>The put that a block is listed under: the one that stands, or else the last.</summary>
    private static PutEntry? PutOf(BlockState? page, BlockInfo? info, bool hasSchema)
    {
        if (page?.Puts is not { } puts) return null;
        PutEntry? best = null;
        ulong standing = info is { } known ? (ulong)(known.Time - DateTimeOffset.UnixEpoch).Ticks : 0;
        foreach (PutEntry put in puts)
        {
            if (hasSchema && put.Schema is null) continue;
            if (put.Ticks == standing) return put;
            if (best is null || put.Ticks > best.Value.Ticks) best = put;
        }

        return best;
    }
}
