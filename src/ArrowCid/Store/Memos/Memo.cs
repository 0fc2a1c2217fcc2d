using System.Diagnostics.CodeAnalysis;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>
/// A cache of the results of one function, shared by all processes that have the store open, in any language. The key
/// is the function, its version and its arguments (<see cref="CallKey"/>). Callers that miss together, also in
/// different processes, compute once: one computes, the others wait, and when it fails or its process dies, the next
/// one computes. For any number of threads at once.
/// </summary>
/// <example>
/// <code>
/// var memo = Memo.Open(store, "features", version: "2");
/// CallKey key = memo.Key(new { day = "2026-11-20", trades = put.Cid });
/// using BatchLease table = await memo.GetOrComputeAsync(key, cancel => ComputeAsync(cancel));
/// </code>
/// </example>
public sealed partial class Memo
{
    private readonly CidStore _store;

    private Memo(CidStore store, string function, string version) =>
        (_store, Function, Version) = (store, function, version);

    /// <summary>The name of the function.</summary>
    public string Function { get; }

    /// <summary>The version of the function.</summary>
    public string Version { get; }

    /// <summary>Opens the results of a function. Nothing is read or written.</summary>
    /// <param name="store">The store, which stays the caller's to close.</param>
    /// <param name="function">The name of the function: the same in every program that shares results. Python's is its
    /// module and qualified name, as in <c>jobs.features</c>.</param>
    /// <param name="version">The version of the function. Change it with the code; results of other versions are not
    /// found.</param>
    /// <returns>The cache.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the name or the version is not
    /// allowed.</exception>
    public static Memo Open(CidStore store, string function, string version = "")
    {
        ArgumentNullException.ThrowIfNull(store);
        _ = CallKey.Create(function, version, []);
        return new Memo(store, function, version);
    }

    /// <summary>Makes the key of a call of the function.</summary>
    /// <param name="arguments">The arguments by name.</param>
    /// <param name="environment">The variables of the environment on which the result depends.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException">An argument, which the message names, is no data.</exception>
    public CallKey Key(IEnumerable<KeyValuePair<string, object?>> arguments,
        IEnumerable<KeyValuePair<string, string?>>? environment = null) =>
        CallKey.Create(Function, Version, arguments, environment);

    /// <summary>Makes the key of a call of the function.</summary>
    /// <typeparam name="T">The type of the object.</typeparam>
    /// <param name="arguments">An object whose public properties are the arguments, such as an anonymous one.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException">An argument, which the message names, is no data.</exception>
    public CallKey Key<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T arguments)
        where T : class => CallKey.Create(Function, Version, arguments);

    /// <summary>Finds a result without computing it.</summary>
    /// <param name="key">The call.</param>
    /// <returns>The CID of the value; null where there is none that has not expired.</returns>
    public Cid? Find(CallKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return MemoTable.Find(_store, key.Cid)?.Value;
    }

    /// <summary>Finds a result and what is known of it, without computing it.</summary>
    /// <param name="key">The call.</param>
    /// <returns>The result; null where there is none that has not expired.</returns>
    public MemoEntry? Describe(CallKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return MemoTable.Find(_store, key.Cid) is { } result ? new MemoEntry(result, key) : null;
    }

    /// <summary>Reads a result as bytes, without computing it.</summary>
    /// <param name="key">The call.</param>
    /// <returns>The bytes of the value's block, in memory of their own; null where there is none that has not
    /// expired.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the stored bytes are
    /// damaged.</exception>
    public byte[]? TryGetBytes(CallKey key) => Find(key) is { } value ? _store.Reading.ReadBlock(value) : null;

    /// <summary>Leases a result that is a batch, without computing it.</summary>
    /// <param name="key">The call.</param>
    /// <returns>A lease, to be disposed of; null where there is none that has not expired.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the result is no batch. Others as
    /// for <see cref="CidStore.TryGet"/>.</exception>
    public BatchLease? TryGet(CallKey key) => Find(key) is { } value ? _store.TryGet(value) : null;

    /// <summary>Returns the result of a call that is bytes, and computes them where there are none.</summary>
    /// <param name="key">The call.</param>
    /// <param name="compute">Computes the bytes.</param>
    /// <param name="options">How the result is stored.</param>
    /// <param name="cancellationToken">As for <see cref="GetOrComputeAsync"/>.</param>
    /// <returns>The bytes, in memory of their own.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.PutRaw"/>; <see cref="ErrorCode.BlockCorrupt"/>:
    /// the stored bytes are damaged.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and there is no
    /// result.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public async Task<byte[]> GetOrComputeBytesAsync(CallKey key,
        Func<CancellationToken, Task<ReadOnlyMemory<byte>>> compute, MemoOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(compute);
        while (true)
        {
            Cid value = await GetOrStoreAsync(key, async cancel =>
            {
                ReadOnlyMemory<byte> bytes = await compute(cancel).ConfigureAwait(false);
                return (StoredContent.Of(_store.PutRaw(bytes)), "bytes");
            }, options, cancellationToken).ConfigureAwait(false);
            if (_store.Reading.ReadBlock(value) is { } bytes) return bytes;
        }
    }

    /// <summary>Returns the result of a call that is a value of a type with a handler, and computes it where there is
    /// none.</summary>
    /// <typeparam name="T">The type: see <see cref="ContentHandlers.Default"/> for those that are built in.</typeparam>
    /// <param name="key">The call.</param>
    /// <param name="compute">Computes the value, which is not null.</param>
    /// <param name="options">How the result is stored, and by which handlers.</param>
    /// <param name="cancellationToken">As for <see cref="GetOrComputeAsync"/>.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: the type has no handler;
    /// <see cref="ErrorCode.SchemaMismatch"/>: the stored result is of another type.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and there is no
    /// result.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public async Task<T> GetOrComputeValueAsync<T>(CallKey key, Func<CancellationToken, Task<T>> compute,
        MemoOptions? options = null, CancellationToken cancellationToken = default) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(compute);
        IContentHandler handler = (options?.Handlers ?? ContentHandlers.Default).Find(typeof(T));
        while (true)
        {
            Cid value = await GetOrStoreAsync(key, async cancel =>
            {
                T computed = await compute(cancel).ConfigureAwait(false);
                return (handler.Store(_store, computed), handler.Form);
            }, options, cancellationToken).ConfigureAwait(false);
            object? loaded = handler.Load(_store, value, typeof(T));
            if (loaded is T found) return found;
            // A value that was removed meanwhile is computed again.
            if (loaded is not null || _store.Contains(value))
                throw new ArrowCidException(ErrorCode.SchemaMismatch, $"the result {value} is no {typeof(T)}");
        }
    }

    /// <summary>Returns the CID of the result of a call of any kind, such as a dataset, and has it computed where there
    /// is none.</summary>
    /// <param name="key">The call.</param>
    /// <param name="compute">Stores the value in the store and returns its CID. The blocks that it stores keep their
    /// own expiry; those of the value stay as long as the result at least.</param>
    /// <param name="options">How the result is stored.</param>
    /// <param name="cancellationToken">As for <see cref="GetOrComputeAsync"/>.</param>
    /// <returns>The CID.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the value is not stored.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and there is no
    /// result.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public Task<Cid> GetOrComputeCidAsync(CallKey key, Func<CancellationToken, Task<Cid>> compute,
        MemoOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(compute);
        return GetOrStoreAsync(key, async cancel =>
            (new StoredContent(await compute(cancel).ConfigureAwait(false), []), null), options, cancellationToken);
    }

    /// <summary>Records a result that was computed elsewhere, or replaces one.</summary>
    /// <param name="key">The call.</param>
    /// <param name="value">The value, which is stored.</param>
    /// <param name="options">How the result is stored; <see cref="MemoOptions.KeepIf"/> is not asked.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the value is not stored;
    /// <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Set(CallKey key, Cid value, MemoOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        options ??= MemoOptions.Default;
        _store.Blocks.EnterToWrite();
        using var work = new MemoWork(_store, key, NoLock.Instance);
        work.Set(value, options.TimeToLive, [], options.Tags);
        if (options.Name is { } name) _ = _store.Names.Set(name, value);
    }

    /// <summary>Removes the result of a call. Its blocks stay until they expire, or are not needed.</summary>
    /// <param name="key">The call.</param>
    /// <returns>False where there is none.</returns>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public bool Remove(CallKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _store.Blocks.EnterToWrite();
        _ = key.Cid.TryGetSha256(out Digest256 digest);
        if (_store.Registry.Results.Find(in digest) is null) return false;
        _store.Registry.Results.Remove([key.Cid]);
        return true;
    }

    /// <summary>Removes the results of the function, of all its versions, that were computed with certain
    /// arguments.</summary>
    /// <param name="arguments">The arguments that they have among others; none: all results of the function.</param>
    /// <returns>The number of removed results.</returns>
    /// <exception cref="ArrowCidException">An argument, which the message names, is no data.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public int RemoveWhere(IEnumerable<KeyValuePair<string, object?>> arguments)
    {
        _store.Blocks.EnterToWrite();
        CallKey wanted = Key(arguments);
        Cid[] calls = [.. List().Where(entry => entry.Key is { } key &&
            MemoTable.HasArguments(key, wanted.Parameters, wanted.Inputs)).Select(entry => entry.Call)];
        _store.Registry.Results.Remove(calls);
        return calls.Length;
    }

    /// <summary>Lists the results of the function, of all its versions, that have not expired.</summary>
    /// <returns>The results, in no order.</returns>
    public IEnumerable<MemoEntry> List() =>
        MemoTable.List(_store).Where(entry => entry.Tags.GetValueOrDefault(MemoWork.FunctionTag) == Function);

    /// <summary>Lists the results of all functions of a store that have not expired.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The results, in no order.</returns>
    public static IEnumerable<MemoEntry> ListAll(CidStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return MemoTable.List(store);
    }

    private async Task<Cid> GetOrStoreAsync(CallKey key,
        Func<CancellationToken, Task<(StoredContent Content, string? Form)>> store, MemoOptions? options,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(key);
        options ??= MemoOptions.Default;
        ComputingCall.ThrowIfWithin(_store, key);
        (StoredResult? result, MemoWork? work) =
            await MemoTable.BeginAsync(_store, key, Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(false);
        Cid value;
        using (work)
        {
            if (work is null)
            {
                value = result!.Value;
            }
            else
            {
                // Undone where this method returns.
                ComputingCall.Enter(_store, key);
                value = Keep(work, await store(cancel).ConfigureAwait(false), options);
            }
        }

        if (options.Name is { } name) _ = _store.Names.Set(name, value);
        return value;
    }

    private Cid Keep(MemoWork work, (StoredContent Content, string? Form) made, MemoOptions options)
    {
        (Cid value, IReadOnlyCollection<Cid> created) = made.Content;
        if (options.TimeToLive != TimeSpan.Zero && (options.KeepIf?.Invoke(value) ?? true))
        {
            IEnumerable<KeyValuePair<string, string>> tags =
                options.Tags ?? Enumerable.Empty<KeyValuePair<string, string>>();
            work.Set(value, options.TimeToLive, created,
                made.Form is { } form ? tags.Prepend(KeyValuePair.Create(MemoWork.FormTag, form)) : tags);
        }
        else
        {
            foreach (Cid each in created) _store.Metadata.SetExpiry(each, _store.Clock.GetUtcNow());
        }

        return value;
    }

    private sealed class NoLock : IDisposable
    {
        public static NoLock Instance { get; } = new();

        public void Dispose()
        {
        }
    }
}
