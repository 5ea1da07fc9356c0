/** Where the graph leads from a chunk: names it shares with other passages, and documents it links to. */
import { Link } from "wouter";
import type { PassageLink } from "../api/types";
import { placeOf } from "../conversations/place";
import { Failure, Loading } from "../kit/states";
import { byDocument, documentHref } from "./places";
import { useLinks } from "./reading";
import styles from "./ChunkFacts.module.css";

export function PassageLinks({ collection, passage }: { collection: string; passage: string }) {
  const links = useLinks(passage);
  if (links.isPending) return <Loading label="Loading links" rows={3} />;
  if (links.isError) return <Failure error={links.error} onRetry={() => void links.refetch()} />;
  if (links.data.length === 0) return <p className={styles.none}>No name in it leads to another passage that you may read.</p>;
  return (
    <ul className={styles.links} aria-label="Links">
      {links.data.map((link) => (
        <Name key={`${link.name}-${link.about}`} link={link} collection={collection} />
      ))}
    </ul>
  );
}

function Name({ link: { name, about, passages, more }, collection }: { link: PassageLink; collection: string }) {
  return (
    <li>
      <p>
        <strong>{name}</strong> <span className={styles.how}>{howOf(name, about)}</span>
      </p>
      <ul>
        {byDocument(passages).map(([first, ...others]) => (
          <li key={first.document_id}>
            <Link href={documentHref(collection, first.document_id, first.start)} title={first.text}>
              {first.title || first.path}
            </Link>
            <span className={styles.how}>{placeOf(first)}</span>
            {others.map((each) => (
              <Link
                key={each.id}
                className={styles.other}
                href={documentHref(collection, each.document_id, each.start)}
                title={each.text}
                aria-label={`${each.title || each.path}, ${placeOf(each) || "its beginning"}`}
              >
                {placeOf(each) || "its beginning"}
              </Link>
            ))}
          </li>
        ))}
        {more && <li className={styles.how}>and more</li>}
      </ul>
    </li>
  );
}

const howOf = (name: string, about: boolean) => (about ? "what it is about" : name.startsWith("/") ? "linked to" : "mentioned");
