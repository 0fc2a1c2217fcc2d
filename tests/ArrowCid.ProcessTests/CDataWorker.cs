using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.ProcessTests;

/// <summary>A process that ends while another library still holds what was exported to it.</summary>
internal static class CDataWorker
{
    // The words of the structs that hold the release callbacks.
    private const int SchemaRelease = 7, ArrayRelease = 8, StreamRelease = 3;

    /// <summary>leave-exported DIRECTORY CODE: exports a batch and a stream, disposes of the store, and ends; the
    /// releases are called when the process's destructors run, and CODE is what it ends with once all have
    /// returned.</summary>
    public static int LeaveExported(string[] arguments)
    {
        int code = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        nint end = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "_exit");
        nint schema = Room(ArrowCData.SchemaSize), array = Room(ArrowCData.ArraySize), stream = Room(ArrowCData.StreamSize);
        using (CidStore store = RegistryWorker.Open(arguments[0]))
        {
            using BatchLease lease = store.TryGet(store.Put(RegistryWorker.Batch(1)).Cid)!;
            lease.Export(schema, array);
            ArrowCData.ExportStream(lease.View.Schema, [lease.View], stream);
        }

        // What is registered last is called first.
        if (code != 0) _ = AtExit(end, code, 0);
        _ = AtExit(Marshal.ReadIntPtr(schema, SchemaRelease * 8), schema, 0);
        _ = AtExit(Marshal.ReadIntPtr(array, ArrayRelease * 8), array, 0);
        _ = AtExit(Marshal.ReadIntPtr(stream, StreamRelease * 8), stream, 0);
        return 0;
    }

    private static nint Room(int bytes) => Marshal.AllocHGlobal(bytes);

    [DllImport("libc", EntryPoint = "__cxa_atexit")]
    private static extern int AtExit(nint function, nint argument, nint library);
}
