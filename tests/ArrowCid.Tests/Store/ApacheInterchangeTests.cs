using System.Reflection;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Columnar;
using ArrowCid.Tests.Storage;
using A = Apache.Arrow;

namespace ArrowCid.Tests.Store;

/// <summary>Structs of the C Data Interface: out by a lease, in by Apache.Arrow's importer.</summary>
public class ApacheInterchangeTests
{
    [Fact]
    public void What_a_lease_exports_Apache_imports_and_a_store_takes_again()
    {
        using var folder = new TemporaryStore();
        using CidStore store = ApacheFaceTests.Open(folder);
        RecordBatch own = RecordBatch.Of(("n", EveryType.Get("int32").Array), ("t", EveryType.Texts(ArrowType.Utf8)
            .Slice(0, 3)), ("l", EveryType.Lists(ArrowTypeId.List).Slice(0, 3)));
        Cid cid = store.Put(own).Cid;
        nint schema = Marshal.AllocHGlobal(Marshal.SizeOf<A.C.CArrowSchema>());
        nint array = Marshal.AllocHGlobal(Marshal.SizeOf<A.C.CArrowArray>());
        try
        {
            using (BatchLease lease = store.TryGet(cid)!) lease.Export(schema, array);
            var imported = (A.Schema)Import(typeof(A.C.CArrowSchemaImporter), "ImportSchema", schema);
            using var batch = (A.RecordBatch)Import(typeof(A.C.CArrowArrayImporter), "ImportRecordBatch", array, imported);
            Assert.Equal(cid, CanonicalBlock.CidOf(batch));
            Assert.Equal((cid, false), (store.Put(batch).Cid, store.Put(batch).IsNew));
        }
        finally
        {
            Marshal.FreeHGlobal(schema);
            Marshal.FreeHGlobal(array);
        }
    }

    /// <summary>Calls an importer, whose first parameter is a pointer, without unsafe code.</summary>
    private static object Import(Type importer, string name, params object[] arguments) =>
        importer.GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Single(method => method.Name == name && method.GetParameters().Length == arguments.Length)
            .Invoke(null, arguments)!;
}
