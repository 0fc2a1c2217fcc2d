using System.Text.Json;
using System.Text.Json.Serialization;
using ArrowCid.Storage;

namespace ArrowCid.Flight.Service;

/// <summary>Where a store is on its machine, for a client there to open it itself.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Store">The store's id, which tells it from another of the same directory elsewhere.</param>
/// <param name="Proof">Proves that a directory of the same path is this one, see <see cref="StoreProof"/>; null where
/// that cannot be proved.</param>
internal sealed record StorePlace(string Directory, Guid Store, string? Proof = null)
{
    /// <summary>Whether the store is in that directory of this machine, as this process sees it.</summary>
    [JsonIgnore]
    public bool IsHere => Proof is not null && StoreProof.Of(Directory, Store) == Proof;

    public static string TextOf(CidStore store)
    {
        var place = new StorePlace(store.Directory, store.Blocks.Id, StoreProof.Of(store.Blocks));
        return JsonSerializer.Serialize(place, StorePlaceJson.Default.StorePlace);
    }

    public static StorePlace? Of(string text) => JsonSerializer.Deserialize(text, StorePlaceJson.Default.StorePlace);
}
