namespace ArrowCid;

/// <summary>Bytes as one raw block.</summary>
internal sealed class BytesHandler : IContentHandler
{
    public string Form => "bytes";

    public bool CanHandle(Type type) => type == typeof(byte[]);

    public StoredContent Store(CidStore store, object value) => StoredContent.Of(store.PutRaw((byte[])value));

    public object? Load(CidStore store, Cid cid, Type type) => store.Reading.ReadBlock(cid);
}
