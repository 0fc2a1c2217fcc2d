using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowCid.Signing;

namespace ArrowCid.Native;

/// <summary>Keys and signed statements: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class SigningExports
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [UnmanagedCallersOnly(EntryPoint = "managed_key_create")]
    public static int KeyCreate(byte* path, int shared, long* key, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(key, nameof(key));
            if (shared is not (0 or 1)) throw NativeError.Invalid($"'shared' is {shared}, not 0 or 1");
            string file = Utf8Text.Read(path, nameof(path));
            SigningKey made = shared == 1 ? SigningKey.CreateShared() : SigningKey.Create();
            made.Save(file);
            *key = Handles.Open(made);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_key_open")]
    public static int KeyOpen(byte* path, long* key, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(key, nameof(key));
            *key = Handles.Open(SigningKey.Load(Utf8Text.Read(path, nameof(path))));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_key_id")]
    public static int KeyId(long key, byte* buffer, long capacity, long* needed, ErrorOut* error)
    {
        try
        {
            Utf8Text.Write(Encoding.UTF8.GetBytes(Handles.Get<SigningKey>(key).Id), buffer, capacity, needed);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_key_close")]
    public static int KeyClose(long key, ErrorOut* error)
    {
        try
        {
            Handles.Close<SigningKey>(key).Dispose();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sign")]
    public static int Sign(long store, long key, CidBytes* cid, byte* says, CidBytes* statement, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            SignedStatement signed = opened.Signatures.Sign(Argument.Cid(cid), Handles.Get<SigningKey>(key),
                ReadSays(says));
            if (statement is not null) *statement = CidBytes.Of(signed.Cid);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sign_name")]
    public static int SignName(long store, long key, byte* name, CidBytes* cid, byte* says, CidBytes* statement,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            (_, SignedStatement signed) = opened.Signatures.SetName(Utf8Text.Read(name, nameof(name)),
                Argument.Cid(cid), Handles.Get<SigningKey>(key), ReadSays(says));
            if (statement is not null) *statement = CidBytes.Of(signed.Cid);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_statements")]
    public static int Statements(long store, CidBytes* cid, long key, byte* buffer, long capacity, long* needed,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            SigningKey? secret = key == 0 ? null : Handles.Get<SigningKey>(key);
            var json = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(json, s_json))
            {
                writer.WriteStartArray();
                foreach (StatementCheck check in opened.Signatures.Check(Argument.Cid(cid), secret))
                    Write(writer, check);
                writer.WriteEndArray();
            }

            Utf8Text.Write(json.WrittenSpan, buffer, capacity, needed);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    private static void Write(Utf8JsonWriter writer, StatementCheck check)
    {
        writer.WriteStartObject();
        StatementJson.Write(writer, check);
        writer.WriteEndObject();
    }

    private static Dictionary<string, string>? ReadSays(byte* text)
    {
        if (text is null) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(Utf8Text.Read(text, "says_json"));
            var says = new Dictionary<string, string>(StringComparer.Ordinal);
            bool isMap = document.RootElement.ValueKind == JsonValueKind.Object &&
                document.RootElement.EnumerateObject().All(word =>
                    word.Value.ValueKind == JsonValueKind.String && says.TryAdd(word.Name, word.Value.GetString()!));
            return isMap ? says : throw NativeError.Invalid("says_json is no object of texts, each key once");
        }
        catch (JsonException)
        {
            throw NativeError.Invalid("says_json is no JSON");
        }
    }
}
