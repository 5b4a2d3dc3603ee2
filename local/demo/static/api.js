export async function ask(method, path, body = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("Meridian Care does not answer. Is it still running?");
  }
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(told?.error ?? `That failed (${answer.status}).`);
  return told;
}

export const practices = async () => (await fetch("/api/practices")).json();

export function paths({ tenant, person }) {
  const tenantPath = `/api/${tenant}`;
  const personPath = `${tenantPath}/people/${encodeURIComponent(person)}`;
  return {
    tenant: tenantPath,
    person: personPath,
    of: (side, id = "") => {
      const base = `${personPath}/${side === "app" ? "appointments" : "outlook"}`;
      return id ? `${base}/${encodeURIComponent(id)}` : base;
    },
  };
}
