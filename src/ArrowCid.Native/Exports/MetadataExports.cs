using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Native;

/// <summary>Names and facts: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class MetadataExports
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Says something of a block that is there.</summary>
    public static void Say(CidStore store, Cid cid, PutOptions said)
    {
        store.Metadata.Set(cid, said);
        if (said.Pin) store.Retention.Pin(cid);
        if (said.Name is { } name) _ = store.Names.Set(name, cid);
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_describe")]
    public static int Describe(long store, CidBytes* cid, byte* buffer, long capacity, long* needed, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            StoredEntry entry = opened.Metadata.Get(wanted) ?? throw ReadExports.NotFound(wanted, opened);
            var json = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(json, s_json))
            {
                writer.WriteStartObject();
                EntryJson.Write(writer, entry);
                writer.WriteEndObject();
            }

            Utf8Text.Write(json.WrittenSpan, buffer, capacity, needed);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_set_name")]
    public static int SetName(long store, byte* name, CidBytes* cid, CidBytes* expected, int check, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            string text = Utf8Text.Read(name, nameof(name));
            Cid? wanted = cid is null ? null : cid->Read();
            if (check is not (0 or 1)) throw NativeError.Invalid($"'check' is {check}, not 0 or 1");
            if (check == 1) _ = opened.Names.Set(text, wanted, expected is null ? null : expected->Read());
            else if (wanted is { } target) _ = opened.Names.Set(text, target);
            else if (!opened.Names.Remove(text)) throw NoName(text);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_resolve_name")]
    public static int ResolveName(long store, byte* name, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            string text = Utf8Text.Read(name, nameof(name));
            Argument.NotNull(cid, nameof(cid));
            *cid = CidBytes.Of(opened.Names.Resolve(text) ?? throw NoName(text));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_annotate")]
    public static int Annotate(long store, CidBytes* cid, byte* facts, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Cid about = Argument.Cid(cid);
            Argument.NotNull(facts, "facts_json");
            Say(opened, about, FactsJson.Read(facts)!);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_pin")]
    public static int Pin(long store, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            Argument.WritableStore(store).Retention.Pin(Argument.Cid(cid));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_unpin")]
    public static int Unpin(long store, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            _ = Argument.WritableStore(store).Retention.Unpin(Argument.Cid(cid));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_remove")]
    public static int Remove(long store, CidBytes* cids, long count, long* removed, ErrorOut* error) =>
        Remove(store, cids, count, force: false, removed, error);

    [UnmanagedCallersOnly(EntryPoint = "managed_remove_forced")]
    public static int RemoveForced(long store, CidBytes* cids, long count, long* removed, ErrorOut* error) =>
        Remove(store, cids, count, force: true, removed, error);

    private static int Remove(long store, CidBytes* cids, long count, bool force, long* removed, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Span<CidBytes> given = Argument.Array(cids, count, nameof(cids));
            var wanted = new Cid[given.Length];
            for (int i = 0; i < wanted.Length; i++) wanted[i] = given[i].Read();
            RemoveResult result = opened.Retention.Remove(wanted, force: force);
            if (removed is not null) *removed = result.Removed.Count;
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    private static ArrowCidException NoName(string name) =>
        new(ErrorCode.NameNotFound, $"no name '{name}' points to a block");
}
