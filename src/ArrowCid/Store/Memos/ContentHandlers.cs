using System.Collections.Immutable;

namespace ArrowCid;

/// <summary>A registry of handlers: how values of .NET types become blocks. For any number of threads at
/// once.</summary>
public sealed class ContentHandlers
{
    private static readonly ImmutableArray<IContentHandler> s_builtIn =
        [new BytesHandler(), new ScalarHandler(), new TensorHandler()];

    private ImmutableArray<IContentHandler> _handlers = s_builtIn;

    /// <summary>The handlers that are used where no others are given. They take <c>byte[]</c>, <c>bool</c>, <c>int</c>,
    /// <c>long</c>, <c>double</c>, <c>string</c>, and arrays of the numbers that Arrow has.</summary>
    public static ContentHandlers Default { get; } = new();

    /// <summary>Adds a handler. Of several with the same priority the last one is used first.</summary>
    /// <param name="handler">The handler.</param>
    public void Register(IContentHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentException.ThrowIfNullOrEmpty(handler.Form, nameof(handler));
        _ = ImmutableInterlocked.Update(ref _handlers, static (all, added) =>
            [.. all.Prepend(added).OrderByDescending(each => each.Priority)], handler);
    }

    /// <summary>Finds the handler of a type.</summary>
    /// <param name="type">The type.</param>
    /// <returns>The handler.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: there is none.</exception>
    public IContentHandler Find(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return _handlers.FirstOrDefault(each => each.CanHandle(type)) ?? throw new ArrowCidException(
            ErrorCode.Unsupported, $"values of {type} are not stored; register a handler of the type");
    }
}
