namespace ArrowCid.ProcessTests.S3;

/// <summary>A test against Ceph's S3 gateway; skipped where Ceph is not installed, or this process is not root's.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CephFactAttribute : FactAttribute
{
    public CephFactAttribute()
    {
        bool isInstalled = new[] { "radosgw", "ceph-osd", "ceph-mon", "monmaptool" }.All(IsOnPath);
        if (!isInstalled || Environment.UserName != "root")
            Skip = "PEER MISSING: Ceph. As root, apt-get install radosgw ceph-osd ceph-mon, then run this test again.";
    }

    private static bool IsOnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, name)));
}
