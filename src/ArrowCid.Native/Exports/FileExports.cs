using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Parquet;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Native;

/// <summary>Blocks as files and directories: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for. A file
// descriptor is the caller's, and stays open.
internal static unsafe class FileExports
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly ParquetWriteOptions s_plain = new() { Compression = ParquetCompression.None };

    [UnmanagedCallersOnly(EntryPoint = "managed_put_directory")]
    public static int PutDirectory(long store, byte* files, byte* facts, Block* target, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutOptions? said = FactsJson.Read(facts);
            Argument.NotNull(target, "out");
            ulong sweep = opened.Blocks.Coordination.ReadSweep();
            List<KeyValuePair<string, Cid>> given = FilesJson.Read(files);
            foreach ((string _, Cid file) in given)
                if (!opened.Contains(file)) throw ReadExports.NotFound(file, opened);
            PutResult put = FileTreePut.Put(opened, given, sweep);
            if (said is not null) MetadataExports.Say(opened, put.Cid, said);
            *target = Block.Of(opened, in put);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_directory_files")]
    public static int DirectoryFiles(long store, CidBytes* cid, byte* buffer, long capacity, long* needed,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            List<KeyValuePair<string, Cid>> files;
            using (RecordLease node =
                opened.Reading.TryLease(wanted, out _) ?? throw ReadExports.NotFound(wanted, opened))
                files = FileTree.FilesOf(wanted, node.Memory.Span);
            var json = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(json, s_json))
            {
                writer.WriteStartObject();
                foreach ((string path, Cid file) in files) Write(writer, opened, path, file);
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

    [UnmanagedCallersOnly(EntryPoint = "managed_write_parquet")]
    public static int WriteParquet(long store, CidBytes* cids, long count, int file, long* length, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Span<CidBytes> given = Argument.Array(cids, count, nameof(cids));
            if (given.IsEmpty) throw NativeError.Invalid("a Parquet file takes at least one CID");
            Cid[] batches = DatasetExports.BatchesOf(opened, given);
            Write(file, length,
                stream => ParquetExport.WriteUnread(batches, cid => Held(opened, cid), stream, s_plain));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_write_catalog")]
    public static int WriteCatalog(long store, byte* filter, int file, long* length, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Filter? parsed = Utf8Text.ReadOrNull(filter, nameof(filter)) is { } text ? Filter.Parse(text) : null;
            Write(file, length, stream =>
            {
                using var writer = new ParquetWriter(stream, StoreMetadata.CatalogSchemaView, s_plain);
                foreach (RecordBatch batch in opened.Metadata.ReadCatalogViews(parsed)) _ = writer.Write(batch);
                writer.Finish();
            });
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    private static void Write(Utf8JsonWriter writer, CidStore store, string path, Cid file)
    {
        writer.WriteStartObject(path);
        writer.WriteString("cid", file.ToString());
        if (store.Reading.TryFindAny(file, out BlockInfo info)) writer.WriteNumber("bytes", info.Length);
        else writer.WriteNull("bytes");
        writer.WriteEndObject();
    }

    private static HeldBatch Held(CidStore store, Cid cid)
    {
        RecordLease block =
            store.Reading.TryLease(cid, out RecordBatch? batch) ?? throw ReadExports.NotFound(cid, store);
        if (batch is not null) return new HeldBatch(batch, block.Memory, block);
        block.Dispose();
        throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is no batch");
    }

    private static void Write(int file, long* length, Action<Stream> write)
    {
        if (file < 0) throw NativeError.Invalid($"'file' is {file}, no file descriptor");
        using var handle = new SafeFileHandle(file, ownsHandle: false);
        using var stream = new FileStream(handle, FileAccess.Write, bufferSize: 1 << 16);
        long start = stream.CanSeek ? stream.Position : throw NativeError.Invalid("'file' is no regular file");
        write(stream);
        stream.Flush();
        if (length is not null) *length = stream.Position - start;
    }
}
