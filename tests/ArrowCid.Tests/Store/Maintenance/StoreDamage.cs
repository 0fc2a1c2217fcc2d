using System.Globalization;

namespace ArrowCid.Tests.Store;

/// <summary>Damage to the bytes of stored blocks.</summary>
internal static class StoreDamage
{
    /// <summary>Changes a byte of a batch's values in its segment.</summary>
    public static void Flip(BatchLease lease)
    {
        // The location is the file, a plus sign, and the offset of the block in it.
        string[] parts = lease.Location.Split('+');
        using FileStream file = File.Open(parts[0], FileMode.Open);
        file.Position = long.Parse(parts[1], CultureInfo.InvariantCulture) + lease.View.Length;
        int before = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(before ^ 1));
    }
}
