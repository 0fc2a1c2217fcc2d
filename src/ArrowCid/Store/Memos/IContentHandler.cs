namespace ArrowCid;

/// <summary>Makes blocks of values of some types, and values of blocks. Values are never serialized as code or object
/// graphs: what has no handler is refused. For any number of threads at once.</summary>
public interface IContentHandler
{
    /// <summary>The form of the value, which is recorded with the result, at most 63 bytes of UTF-8: <c>bytes</c>,
    /// <c>scalar</c>, <c>tensor</c>, or a name of your own.</summary>
    string Form { get; }

    /// <summary>Of several handlers that take a type the one with the greatest priority is used. Built-in handlers have
    /// 0.</summary>
    int Priority => 0;

    /// <summary>Whether it takes values of a type.</summary>
    /// <param name="type">The type.</param>
    /// <returns>True where it does.</returns>
    bool CanHandle(Type type);

    /// <summary>Stores a value.</summary>
    /// <param name="store">The store.</param>
    /// <param name="value">The value, of a type that it takes.</param>
    /// <returns>The value's blocks.</returns>
    StoredContent Store(CidStore store, object value);

    /// <summary>Makes a value of its blocks.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cid">The CID that <see cref="Store"/> returned, in this process or another.</param>
    /// <param name="type">The type that is asked for.</param>
    /// <returns>The value; null where its blocks are not stored.</returns>
    object? Load(CidStore store, Cid cid, Type type);
}
